//! `digest` and `base64-decode`.

use data_encoding::{BASE64, HEXLOWER};
use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha384, Sha512};

use super::Arguments;
use crate::expr::function::Function;
use crate::expr::val::Val;
use crate::expr::world::World;

pub(super) fn call<'a, W: World>(function: Function, mut args: Arguments<'a, W>) -> Val<'a> {
    match function {
        Function::Digest => {
            let (text, algorithm, encoding) = (args.text(), args.text(), args.text());
            let bytes = text.as_bytes();
            let hash = match &*algorithm {
                "MD5" => Md5::digest(bytes).to_vec(),
                "SHA-1" => Sha1::digest(bytes).to_vec(),
                "SHA-256" => Sha256::digest(bytes).to_vec(),
                "SHA-384" => Sha384::digest(bytes).to_vec(),
                "SHA-512" => Sha512::digest(bytes).to_vec(),
                _ => return Val::BLANK,
            };
            Val::text(if encoding == "hex" { HEXLOWER.encode(&hash) } else { BASE64.encode(&hash) })
        }
        _ => {
            let decoded = BASE64.decode(args.text().trim().as_bytes()).unwrap_or_default();
            Val::text(String::from_utf8_lossy(&decoded).into_owned())
        }
    }
}
