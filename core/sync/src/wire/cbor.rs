//! Canonical, bounded CBOR: definite lengths only, every count and length checked before anything is allocated, and one
//! encoding for one value.

use minicbor::Decoder;
use minicbor::data::Type;

use crate::Failure;

/// A value with exactly one encoding on the wire.
pub trait Message: Sized {
    /// Its name in errors.
    const NAME: &'static str;

    /// Appends the value.
    fn write(&self, out: &mut Writer);

    /// Reads the value, refusing whatever exceeds its bounds.
    fn read(input: &mut Reader<'_>) -> Result<Self, Failure>;

    /// The encoded value.
    fn encode(&self) -> Vec<u8> {
        let mut out = Writer::default();
        self.write(&mut out);
        out.into_bytes()
    }

    /// Decodes a whole body. Trailing bytes and any other than the canonical encoding are refused, so that what was
    /// signed or hashed by one side is the same on the other.
    fn decode(body: &[u8]) -> Result<Self, Failure> {
        let mut input = Reader::new(body, Self::NAME);
        let value = Self::read(&mut input)?;
        if input.left() != 0 {
            return Err(input.malformed("bytes follow its end"));
        }
        if value.encode() != body {
            return Err(input.malformed("not in canonical form"));
        }
        Ok(value)
    }
}

/// Writes canonical CBOR into memory, where writing cannot fail.
#[derive(Default)]
pub struct Writer(Vec<u8>);

impl Writer {
    /// What was written.
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    /// The shortest head for a major type and its argument (RFC 8949, 4.2.1).
    fn head(&mut self, major: u8, argument: u64) -> &mut Self {
        let kind = major << 5;
        match argument {
            0..=23 => self.0.push(kind | argument as u8),
            24..=0xff => self.0.extend([kind | 24, argument as u8]),
            0x100..=0xffff => {
                self.0.push(kind | 25);
                self.0.extend((argument as u16).to_be_bytes());
            }
            0x1_0000..=0xffff_ffff => {
                self.0.push(kind | 26);
                self.0.extend((argument as u32).to_be_bytes());
            }
            _ => {
                self.0.push(kind | 27);
                self.0.extend(argument.to_be_bytes());
            }
        }
        self
    }

    /// The head of an array of `n` values.
    pub fn array(&mut self, n: usize) -> &mut Self {
        self.head(4, n as u64)
    }

    /// A byte string.
    pub fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        self.head(2, bytes.len() as u64).0.extend_from_slice(bytes);
        self
    }

    /// A text string.
    pub fn text(&mut self, text: &str) -> &mut Self {
        self.head(3, text.len() as u64).0.extend_from_slice(text.as_bytes());
        self
    }

    /// An unsigned integer.
    pub fn number(&mut self, number: u64) -> &mut Self {
        self.head(0, number)
    }

    /// A truth value.
    pub fn flag(&mut self, flag: bool) -> &mut Self {
        self.head(7, if flag { 21 } else { 20 })
    }

    fn null(&mut self) -> &mut Self {
        self.head(7, 22)
    }

    /// A value of its own, or null.
    pub fn optional<M: Message>(&mut self, value: Option<&M>) -> &mut Self {
        match value {
            Some(value) => {
                value.write(self);
                self
            }
            None => self.null(),
        }
    }

    /// A byte string, or null.
    pub fn optional_bytes(&mut self, bytes: Option<&[u8]>) -> &mut Self {
        match bytes {
            Some(bytes) => self.bytes(bytes),
            None => self.null(),
        }
    }

    /// An array of values.
    pub fn list<M: Message>(&mut self, values: &[M]) -> &mut Self {
        self.array(values.len());
        for value in values {
            value.write(self);
        }
        self
    }
}

/// Reads bounded CBOR from memory. Knows the name of what it reads, for errors.
pub struct Reader<'b> {
    decoder: Decoder<'b>,
    size: usize,
    name: &'static str,
}

impl<'b> Reader<'b> {
    pub(super) fn new(body: &'b [u8], name: &'static str) -> Self {
        Self { decoder: Decoder::new(body), size: body.len(), name }
    }

    pub(crate) fn left(&self) -> usize {
        self.size.saturating_sub(self.decoder.position())
    }

    /// The failure that says what is wrong with the value being read.
    pub fn malformed(&self, problem: &'static str) -> Failure {
        Failure::Malformed { what: self.name, problem }
    }

    /// The head of an array of exactly `n` values.
    pub fn array(&mut self, n: u64) -> Result<(), Failure> {
        match self.decoder.array() {
            Ok(Some(found)) if found == n => Ok(()),
            _ => Err(self.malformed("not an array of the right length")),
        }
    }

    /// A byte string of at most `most` bytes.
    pub fn bytes(&mut self, most: usize) -> Result<&'b [u8], Failure> {
        let bytes =
            self.decoder.bytes().map_err(|_| self.malformed("a byte string is missing or cut short"))?;
        if bytes.len() > most {
            return Err(self.malformed("a byte string is too long"));
        }
        Ok(bytes)
    }

    /// Whether a byte string comes next.
    pub fn is_bytes(&self) -> bool {
        matches!(self.decoder.datatype(), Ok(Type::Bytes))
    }

    /// A byte string of exactly `N` bytes.
    pub fn fixed<const N: usize>(&mut self) -> Result<[u8; N], Failure> {
        self.bytes(N)?.try_into().map_err(|_| self.malformed("a byte string has the wrong length"))
    }

    /// A text of at most `most` bytes.
    pub fn text(&mut self, most: usize) -> Result<&'b str, Failure> {
        let text = self.decoder.str().map_err(|_| self.malformed("a text is missing or cut short"))?;
        if text.len() > most {
            return Err(self.malformed("a text is too long"));
        }
        Ok(text)
    }

    /// An unsigned integer.
    pub fn number(&mut self) -> Result<u64, Failure> {
        self.decoder.u64().map_err(|_| self.malformed("a number is missing"))
    }

    /// A truth value.
    pub fn flag(&mut self) -> Result<bool, Failure> {
        self.decoder.bool().map_err(|_| self.malformed("a truth value is missing"))
    }

    fn null(&mut self) -> bool {
        matches!(self.decoder.datatype(), Ok(Type::Null)) && self.decoder.null().is_ok()
    }

    /// A value of its own, or null.
    pub fn optional<M: Message>(&mut self) -> Result<Option<M>, Failure> {
        if self.null() { Ok(None) } else { M::read(self).map(Some) }
    }

    /// A byte string of at most `most` bytes, or null.
    pub fn optional_bytes(&mut self, most: usize) -> Result<Option<&'b [u8]>, Failure> {
        if self.null() { Ok(None) } else { self.bytes(most).map(Some) }
    }

    /// An array of at most `most` values. No array claims more values than bytes are left.
    pub fn list<M: Message>(&mut self, most: usize) -> Result<Vec<M>, Failure> {
        let count = match self.decoder.array() {
            Ok(Some(count)) => count,
            _ => return Err(self.malformed("an array is missing")),
        };
        if count > most as u64 || count > self.left() as u64 {
            return Err(self.malformed("an array is too long"));
        }
        let mut values = Vec::with_capacity((count as usize).min(256));
        for _ in 0..count {
            values.push(M::read(self)?);
        }
        Ok(values)
    }
}
