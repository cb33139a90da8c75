//! Built with `unsealed`: the canary test's scan must be able to see what sealing would hide.
#![cfg(feature = "unsealed")]

use nightjar_seal::{
    DeviceTag, Envelope, Header, RecordKey, RecordTag, RosterHead, ScopeTag, StudyTag, open, seal,
};

#[test]
fn the_payload_is_in_the_body_after_decompressing() {
    let mut entropy = |bytes: &mut [u8]| bytes.fill(3);
    let key = RecordKey::generate(&mut entropy);
    let header = Header::change(
        StudyTag([1; 16]),
        ScopeTag([1; 16]),
        RecordTag([1; 16]),
        DeviceTag([1; 16]),
        RosterHead([1; 32]),
        &key,
    );
    let canary = b"the canary sings at four in the morning";
    let bytes = seal(header, canary, &key, &mut entropy).unwrap().encode();
    let frame = bytes.windows(4).position(|window| window == [0x28, 0xB5, 0x2F, 0xFD]).expect("a zstd frame");
    let len = zstd::zstd_safe::find_frame_compressed_size(&bytes[frame..]).unwrap();
    assert_eq!(zstd::bulk::decompress(&bytes[frame..frame + len], 1024).unwrap(), canary);
    assert_eq!(open(&Envelope::decode(&bytes).unwrap(), &key).unwrap(), canary);
}
