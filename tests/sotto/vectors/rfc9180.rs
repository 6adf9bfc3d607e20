//! HPKE: RFC 9180, appendix A, in its machine-readable form: `test-vectors/origrfc-5f503c5.json` in
//! the package of crate `hpke` 0.14.1 (128 suites and modes; newer packages leave the file out).
//!
//! Checked is what `shared::seal::transport` does with the crate that is used, 0.15: the key pair
//! from its material, the receiver's context, its openings in their order, its exports.

use hpke::aead::AesGcm256;
use hpke::kdf::HkdfSha256;
use hpke::kem::X25519HkdfSha256;
use hpke::{Deserializable, Kem, OpModeR, Serializable, setup_receiver};

use super::{bytes, hpke_vectors};

#[test]
fn x25519_hkdf_sha256_aes_256_gcm_in_base_mode() {
    let (mut suites, mut opened, mut exported) = (0, 0, 0);
    let vectors = hpke_vectors("origrfc-5f503c5.json");
    let vectors = vectors.as_array().unwrap();
    assert_eq!(vectors.len(), 128);
    for vector in vectors {
        let number = |member: &str| vector[member].as_u64().unwrap();
        let suite = (number("mode"), number("kem_id"), number("kdf_id"), number("aead_id"));
        if suite != (0, 0x20, 1, 2) {
            continue;
        }
        suites += 1;

        // The crate clamps a private key (RFC 7748, section 5) when it takes it in, the RFC later.
        let private =
            <X25519HkdfSha256 as Kem>::PrivateKey::from_bytes(&bytes(vector, "skRm")).unwrap();
        let (derived, public) = X25519HkdfSha256::derive_keypair(&bytes(vector, "ikmR"));
        assert_eq!(derived.to_bytes(), private.to_bytes());
        assert_eq!(public.to_bytes().to_vec(), bytes(vector, "pkRm"));
        let enc =
            <X25519HkdfSha256 as Kem>::EncappedKey::from_bytes(&bytes(vector, "enc")).unwrap();
        let mut context = setup_receiver::<AesGcm256, HkdfSha256, X25519HkdfSha256>(
            &OpModeR::Base,
            &private,
            &enc,
            &bytes(vector, "info"),
        )
        .unwrap();

        for encryption in vector["encryptions"].as_array().unwrap() {
            let plaintext =
                context.open(&bytes(encryption, "ct"), &bytes(encryption, "aad")).unwrap();
            assert_eq!(plaintext, bytes(encryption, "pt"));
            opened += 1;
        }
        for export in vector["exports"].as_array().unwrap() {
            let mut value = vec![0; usize::try_from(export["L"].as_u64().unwrap()).unwrap()];
            context.export(&bytes(export, "exporter_context"), &mut value).unwrap();
            assert_eq!(value, bytes(export, "exported_value"));
            exported += 1;
        }
    }
    assert_eq!((suites, opened, exported), (1, 257, 3));
}
