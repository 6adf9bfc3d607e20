//! HKDF-SHA256: RFC 5869, appendix A.1 to A.3, from the text of the RFC.

use shared::seal::suite::hkdf;

use super::hex;

#[test]
fn hkdf_gives_the_published_keys() {
    let mut tested = 0;
    let mut check = |okm: &[u8], expected: &str| {
        assert_eq!(okm, hex(expected));
        tested += 1;
    };
    let ascending = |from: u8, to: u8| (from..=to).collect::<Vec<u8>>();

    check(
        &*hkdf::<42>(&ascending(0x00, 0x0c), &[0x0b; 22], &[&ascending(0xf0, 0xf9)]).unwrap(),
        "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865",
    );
    check(
        &*hkdf::<82>(&ascending(0x60, 0xaf), &ascending(0x00, 0x4f), &[&ascending(0xb0, 0xff)])
            .unwrap(),
        "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c\
         59045a99cac7827271cb41c65e590e09da3275600c2f09b8367793a9aca3db71\
         cc30c58179ec3e87c14c01d5c1f3434f1d87",
    );
    check(
        &*hkdf::<42>(&[], &[0x0b; 22], &[&[]]).unwrap(),
        "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8",
    );
    assert_eq!(tested, 3);
}

#[test]
fn the_parts_of_an_info_are_one_info() {
    let parted = hkdf::<32>(b"salt", b"secret", &[b"in", b"", b"fo"]).unwrap();
    assert_eq!(parted, hkdf::<32>(b"salt", b"secret", &[b"info"]).unwrap());
}
