"""Gives SAM's transform the values of the parameters, as CloudFormation does.

The emulator transforms with the defaults, and SAM writes some values into what it makes.
"""

import contextvars

from samtranslator.translator import transform as sam

from ministack.services.cloudformation import changesets, engine, handlers

_values = contextvars.ContextVar("parameters of the operation", default={})


def install():
    apply, translate = engine._apply_transforms, sam.transform

    def applied(template, provided_params=None, previous_params=None):
        token = _values.set(engine._transform_parameters(template, provided_params, previous_params))
        try:
            return apply(template, provided_params, previous_params)
        finally:
            _values.reset(token)

    def translated(template, parameters, loader, *more, **named):
        return translate(template, {**_values.get(), **parameters}, loader, *more, **named)

    sam.transform = translated
    for module in (engine, changesets, handlers):
        module._apply_transforms = applied
