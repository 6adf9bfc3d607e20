//! Objects from outside: a JSON object, and not the array that a derived parser takes for one.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};

/// A value that came as a JSON object. Every body is read as one, and every object in a body has to
/// be declared as one: a derived `Deserialize` alone would also fill the fields from an array, in
/// their order.
pub struct Object<T>(pub T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Named<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Named<T> {
            type Value = Object<T>;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Object<T>, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(Object)
            }
        }
        deserializer.deserialize_map(Named(PhantomData))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Point {
        x: u8,
        y: u8,
    }

    fn sum(json: &str) -> Result<u8, String> {
        let read = serde_json::from_str::<Object<Point>>(json);
        read.map(|Object(Point { x, y })| x + y).map_err(|error| error.to_string())
    }

    #[test]
    fn an_object_is_one_and_nothing_else_is() {
        assert_eq!(sum(r#"{"y":2,"x":1}"#), Ok(3));
        for other in ["[1,2]", "null", "1", "\"x\"", "true"] {
            assert!(sum(other).unwrap_err().starts_with("invalid type"), "{other}");
        }
        assert!(sum(r#"{"x":1}"#).unwrap_err().starts_with("missing field"));
        assert!(sum(r#"{"x":1,"y":2,"z":3}"#).unwrap_err().starts_with("unknown field"));
    }
}
