//! The site and the language that a request is about.

use axum::extract::FromRequestParts;
use http::request::Parts;
use shared::http::demands::{Demanding, Demands};
use shared::problem::{Code, FieldCode, Problem};
use shared::store::knowledge::Shelf;
use shared::values::site::Site;

/// A site and a language of it.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    pub(crate) site: &'static Site,
    pub(crate) locale: &'static str,
}

impl Place {
    /// Finds the site, the only one if none is named, and its language, the first if none is named.
    pub(crate) fn find(
        (site, locale): (Option<&str>, Option<&str>),
        (site_at, locale_at): (&'static str, &'static str),
    ) -> Result<Self, Problem> {
        let refused = |pointer| Problem::invalid(pointer, FieldCode::NotAllowed);
        let site = match site {
            None => Site::SHIPPED,
            Some(id) => Site::find(id).ok_or_else(|| refused(site_at))?,
        };
        let locale = match locale {
            None => site.language(0),
            Some(tag) => {
                let mut known = site.locales.iter();
                known.find(|known| **known == tag).ok_or_else(|| refused(locale_at))?
            }
        };
        Ok(Self { site, locale })
    }

    /// The same of a body.
    pub(crate) fn of_body(site: Option<&str>, locale: Option<&str>) -> Result<Self, Problem> {
        Self::find((site, locale), ("/site", "/locale"))
    }

    pub(crate) const fn shelf(self) -> Shelf<'static> {
        Shelf { site: self.site, locale: self.locale }
    }
}

/// The query of a route: site, language, and one parameter more.
pub(crate) struct PlaceQuery {
    pub(crate) place: Place,
    /// `state` of a list, `format` of a file.
    pub(crate) kind: Option<String>,
}

impl Demanding for PlaceQuery {
    fn add_to(demands: &mut Demands) {
        demands.refusals.push(Code::Invalid);
    }
}

impl<S: Sync> FromRequestParts<S> for PlaceQuery {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let (mut site, mut locale, mut kind) = (None, None, None);
        let query = parts.uri.query().unwrap_or_default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match &*name {
                "site" => site = Some(value),
                "locale" => locale = Some(value),
                "state" | "format" => kind = Some(value.into_owned()),
                _ => {}
            }
        }
        let place =
            Place::find((site.as_deref(), locale.as_deref()), ("/query/site", "/query/locale"))?;
        Ok(Self { place, kind })
    }
}
