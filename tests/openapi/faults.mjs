// Faults that the linter has to see, each with the rule that is to refuse it.
const json = 'application/json';
const opened = (description) => description.paths['/v1/conversations'].post;
const created = (description) => opened(description).responses['201'];

export const faults = [
  {
    name: 'two operations with one id',
    rule: 'operation-operationId-unique',
    plant: (description) => (description.paths['/v1/me'].delete.operationId = opened(description).operationId),
  },
  {
    name: 'an operation without an id',
    rule: 'operation-operationId',
    plant: (description) => delete opened(description).operationId,
  },
  {
    name: 'an operation that does not say who may call it',
    rule: 'security-defined',
    plant: (description) => delete opened(description).security,
  },
  {
    name: 'a security scheme that there is not',
    rule: 'security-defined',
    plant: (description) => (opened(description).security = [{ stranger: [] }]),
  },
  {
    name: 'an example of a request without a required field',
    rule: 'no-invalid-media-type-examples',
    plant: (description) => delete opened(description).requestBody.content[json].example.consent.notice_version,
  },
  {
    name: 'an example of a response with a number for a text',
    rule: 'no-invalid-media-type-examples',
    plant: (description) => (created(description).content[json].example.status = 7),
  },
  {
    name: 'an example of a response with a field that the schema does not have',
    rule: 'no-invalid-media-type-examples',
    plant: (description) => (created(description).content[json].example.secret = 'text'),
  },
  {
    name: 'an example of a problem with an unknown code',
    rule: 'no-invalid-media-type-examples',
    plant: (description) => (description.components.examples.conflict.value.code = 'unheard_of'),
  },
  {
    name: 'a response without a description',
    rule: 'struct',
    plant: (description) => delete created(description).description,
  },
  {
    name: 'a schema that there is not',
    rule: 'no-unresolved-refs',
    plant: (description) => (created(description).content[json].schema.$ref = '#/components/schemas/Nothing'),
  },
  {
    name: 'a parameter of the path that is not described',
    rule: 'path-parameters-defined',
    plant: (description) => delete description.paths['/v1/conversations/{id}'].get.parameters,
  },
  {
    name: 'a refusal that is no problem+json',
    rule: 'operation-4xx-problem-details-rfc7807',
    plant: (description) => (opened(description).responses['409'] = { description: 'No.', content: { [json]: {} } }),
  },
  {
    name: 'a tag that is not introduced',
    rule: 'operation-tag-defined',
    plant: (description) => (opened(description).tags = ['elsewhere']),
  },
  {
    name: 'a schema that nothing uses',
    rule: 'no-unused-components',
    plant: (description) => (description.components.schemas.Unused = { type: 'string' }),
  },
];
