//! Checkpoints: the size and the root of the tree, signed (C2SP tlog-checkpoint, signed-note).

use seal::sign::{NoteSigner, Verifier};
use signed_note::{Note, Signature, StandardVerifier, VerifierList, is_key_name_valid, key_id};
use store::StoreError;
use tlog_tiles::{Checkpoint, Hash};
use values::encoding::base64;

/// The algorithm byte of Ed25519 in a verifier key.
const ED25519: u8 = 1;

/// The name of a deployment's log: its issuer without the scheme, and `/audit`.
#[must_use]
pub fn origin(issuer: &str) -> String {
    let issuer = issuer.split_once("://").map_or(issuer, |(_, rest)| rest);
    // A name has no spaces and no plus.
    let plain = |letter: char| if letter.is_whitespace() || letter == '+' { '-' } else { letter };
    let issuer: String = issuer.trim_end_matches('/').chars().map(plain).collect();
    format!("{issuer}/audit")
}

/// The verifier key of a log (C2SP signed-note): its name, the id of the key, and the key.
#[must_use]
pub fn verifier_key(origin: &str, key: &Verifier) -> String {
    let encoded = encoded(key);
    format!("{origin}+{:08x}+{}", key_id(origin, &encoded), base64(&encoded))
}

fn encoded(key: &Verifier) -> Vec<u8> {
    [&[ED25519], key.as_raw().as_slice()].concat()
}

/// Signs the checkpoint of a tree, and gives the note.
///
/// # Errors
/// [`StoreError::Failed`] for a name that no log can have.
pub fn sign(
    origin: &str,
    (size, root): (u64, Hash),
    signer: &NoteSigner,
) -> Result<String, StoreError> {
    let text = Checkpoint::new(origin, size, root, "").map_err(|_| StoreError::Failed)?.to_bytes();
    if !is_key_name_valid(origin) {
        return Err(StoreError::Failed);
    }
    let id = key_id(origin, &encoded(signer.verifier()));
    let signature = Signature::new(origin.to_owned(), id, signer.sign(&text).to_vec());
    let signature = signature.map_err(|_| StoreError::Failed)?;
    let note = Note::new(&text, &[signature]).map_err(|_| StoreError::Failed)?;
    String::from_utf8(note.to_bytes()).map_err(|_| StoreError::Failed)
}

/// A key that verifies checkpoints, with the name of its log.
pub struct NoteVerifier {
    origin: String,
    // Its list of verifiers cannot go from a thread to another, and is made anew for each note.
    key: String,
}

impl NoteVerifier {
    /// The verifier of that key, as [`verifier_key`] gives it; `None` for what is none.
    #[must_use]
    pub fn new(verifier_key: &str) -> Option<Self> {
        StandardVerifier::new(verifier_key).ok()?;
        let origin = verifier_key.split_once('+')?.0.to_owned();
        Some(Self { origin, key: verifier_key.to_owned() })
    }

    /// Size and root of a checkpoint of this log; `None` for a note that is none, is of another log, or is
    /// not signed by this key.
    #[must_use]
    pub fn read(&self, note: &str) -> Option<(u64, Hash)> {
        let note = Note::from_bytes(note.as_bytes()).ok()?;
        let key = StandardVerifier::new(&self.key).ok()?;
        note.verify(&VerifierList::new(vec![Box::new(key)])).ok()?;
        let checkpoint = Checkpoint::from_bytes(note.text()).ok()?;
        (checkpoint.origin() == self.origin).then(|| (checkpoint.size(), *checkpoint.hash()))
    }
}

/// Size and root of a checkpoint that a key has signed, under whatever name: a deployment that got another
/// issuer goes on under the name that its log has. `None` for everything else.
#[must_use]
pub fn read_by(key: &Verifier, note: &str) -> Option<(u64, Hash)> {
    NoteVerifier::new(&verifier_key(&origin_of(note)?, key))?.read(note)
}

/// The name of the log that a checkpoint says it is of; `None` for what is none.
#[must_use]
pub fn origin_of(note: &str) -> Option<String> {
    let note = Note::from_bytes(note.as_bytes()).ok()?;
    Some(Checkpoint::from_bytes(note.text()).ok()?.origin().to_owned())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tlog_tiles::record_hash;
    use values::secret::Secret;

    use super::*;

    fn signer(seed: u8) -> NoteSigner {
        NoteSigner::derive(&Arc::new(Secret::from_slice(&[seed; 32]).unwrap())).unwrap()
    }

    fn verifier(origin: &str, signer: &NoteSigner) -> NoteVerifier {
        NoteVerifier::new(&verifier_key(origin, signer.verifier())).unwrap()
    }

    #[test]
    fn a_checkpoint_is_of_its_key_and_of_its_log() {
        let (ours, root) = (signer(1), record_hash(b"x"));
        let note = sign("chat.example/audit", (7, root), &ours).unwrap();
        let lines: Vec<_> = note.lines().collect();
        assert_eq!(&lines[..2], ["chat.example/audit", "7"]);
        assert!(lines[3].is_empty() && lines[4].starts_with("— chat.example/audit "), "{note}");
        assert_eq!(verifier("chat.example/audit", &ours).read(&note), Some((7, root)));
        assert_eq!(verifier("chat.example/audit", &signer(2)).read(&note), None);
        assert_eq!(verifier("other.example/audit", &ours).read(&note), None);
    }

    #[test]
    fn a_note_that_was_changed_is_none() {
        let ours = signer(1);
        let note = sign("chat.example/audit", (7, record_hash(b"x")), &ours).unwrap();
        let verifier = verifier("chat.example/audit", &ours);
        for place in 0..note.len() {
            let mut bytes = note.clone().into_bytes();
            bytes[place] ^= 1;
            let Ok(changed) = String::from_utf8(bytes) else { continue };
            assert_eq!(verifier.read(&changed), None, "{place}: {changed}");
        }
        assert_eq!(verifier.read(&format!("{note}\n")), None);
        assert_eq!(verifier.read(&format!("x{note}")), None);
        assert_eq!(verifier.read(""), None);
    }

    #[test]
    fn a_name_is_one_that_a_note_can_have() {
        assert_eq!(origin("https://chat.example/"), "chat.example/audit");
        assert_eq!(origin("my stack+1"), "my-stack-1/audit");
        assert!(is_key_name_valid(&origin("")));
    }
}
