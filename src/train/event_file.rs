use super::TrainError;
use prost::Message;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

/// What a CRC of a record is rotated and shifted by (TFRecord format).
const MASK: u32 = 0xa282_ead8;

/// One entry of an event file; fields as in TensorFlow's `event.proto`.
#[derive(Clone, PartialEq, Message)]
struct Event {
    #[prost(double, tag = "1")]
    wall_time: f64,
    #[prost(int64, tag = "2")]
    step: i64,
    #[prost(string, optional, tag = "3")]
    file_version: Option<String>,
    #[prost(message, optional, tag = "5")]
    summary: Option<Summary>,
}

/// Scalars of one step; fields as in TensorFlow's `summary.proto`.
#[derive(Clone, PartialEq, Message)]
struct Summary {
    #[prost(message, repeated, tag = "1")]
    values: Vec<Scalar>,
}

#[derive(Clone, PartialEq, Message)]
struct Scalar {
    #[prost(string, tag = "1")]
    tag: String,
    #[prost(float, optional, tag = "2")]
    simple_value: Option<f32>,
}

/// A file of scalars that TensorBoard shows: one for each start of a run, which it joins by their steps.
pub struct EventFile {
    path: PathBuf,
    file: File,
}

impl EventFile {
    /// Begins `events.out.tfevents.SECONDS.puma` in `folder`.
    ///
    /// # Errors
    /// Whatever the disk says.
    pub fn create(folder: &Path) -> Result<Self, TrainError> {
        let path = folder.join(format!("events.out.tfevents.{:.3}.puma", now_s()));
        let file = OpenOptions::new().append(true).create(true).open(&path);
        let file = file.map_err(|error| TrainError::io(&path, error))?;
        let mut events = Self { path, file };
        events.write(&Event {
            wall_time: now_s(),
            step: 0,
            file_version: Some("brain.Event:2".to_owned()),
            summary: None,
        })?;
        Ok(events)
    }

    /// Adds scalars of `step`.
    pub fn scalars(&mut self, step: usize, values: &[(&str, f32)]) -> Result<(), TrainError> {
        let scalar = |(tag, value): &(&str, f32)| Scalar {
            tag: (*tag).to_owned(),
            simple_value: Some(*value),
        };
        self.write(&Event {
            wall_time: now_s(),
            step: step as i64,
            file_version: None,
            summary: Some(Summary {
                values: values.iter().map(scalar).collect(),
            }),
        })
    }

    fn write(&mut self, event: &Event) -> Result<(), TrainError> {
        let record = record(&event.encode_to_vec());
        self.file
            .write_all(&record)
            .map_err(|error| TrainError::io(&self.path, error))
    }
}

/// A record in TFRecord format: length, its checksum, data, their checksum.
fn record(data: &[u8]) -> Vec<u8> {
    let length = (data.len() as u64).to_le_bytes();
    let mut record = Vec::with_capacity(data.len() + 16);
    record.extend_from_slice(&length);
    record.extend_from_slice(&masked(&length).to_le_bytes());
    record.extend_from_slice(data);
    record.extend_from_slice(&masked(data).to_le_bytes());
    record
}

fn masked(data: &[u8]) -> u32 {
    crc32c::crc32c(data).rotate_right(15).wrapping_add(MASK)
}

fn now_s() -> f64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0.0, |time| time.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The payloads of a file of records, their checksums compared.
    fn records(mut bytes: &[u8]) -> Vec<Vec<u8>> {
        let mut records = Vec::new();
        while !bytes.is_empty() {
            let length = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
            let number = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
            assert_eq!(number(8), masked(&bytes[..8]));
            let data = &bytes[12..12 + length];
            assert_eq!(number(12 + length), masked(data));
            records.push(data.to_vec());
            bytes = &bytes[16 + length..];
        }
        records
    }

    #[test]
    fn checksums_are_those_of_the_format() {
        // CRC-32C of "123456789" is 0xe3069283 (RFC 3720, appendix B.4 uses the same polynomial).
        assert_eq!(crc32c::crc32c(b"123456789"), 0xe306_9283);
        assert_eq!(
            masked(b"123456789"),
            0xe306_9283u32.rotate_right(15).wrapping_add(MASK)
        );
    }

    fn bytes(hexadecimal: &str) -> Vec<u8> {
        let digits: String = hexadecimal.split_whitespace().collect();
        (0..digits.len() / 2)
            .map(|at| u8::from_str_radix(&digits[2 * at..2 * at + 2], 16).unwrap())
            .collect()
    }

    /// Bytes written out by hand from TensorFlow's `record_writer.cc`, `event.proto` and `summary.proto`, with checksums of
    /// a bitwise CRC-32C: length, its checksum, event, its checksum.
    #[test]
    fn records_are_those_of_tensorflow_byte_by_byte() {
        let event = |step, file_version: Option<&str>, summary| Event {
            wall_time: 1_700_000_000.25,
            step,
            file_version: file_version.map(str::to_owned),
            summary,
        };
        let version = event(0, Some("brain.Event:2"), None);
        let expected = "1800000000000000 a37f4b22
            09 00001040fc54d941
            1a 0d 627261696e2e4576656e743a32
            338d2fe9";
        assert_eq!(record(&version.encode_to_vec()), bytes(expected));

        let values = vec![Scalar {
            tag: "loss/total".into(),
            simple_value: Some(1.5),
        }];
        let scalar = event(300, None, Some(Summary { values }));
        let expected = "2100000000000000 017becf6
            09 00001040fc54d941
            10 ac02
            2a 13  0a 11  0a 0a 6c6f73732f746f74616c  15 0000c03f
            d23d4817";
        assert_eq!(record(&scalar.encode_to_vec()), bytes(expected));
    }

    #[test]
    fn scalars_are_read_back() {
        let folder = tempfile::tempdir().unwrap();
        let mut events = EventFile::create(folder.path()).unwrap();
        events
            .scalars(7, &[("loss/total", 1.5), ("rate", 0.25)])
            .unwrap();
        let records = records(&std::fs::read(&events.path).unwrap());
        let [first, second] = &records[..] else {
            panic!("{} records", records.len());
        };
        let first = Event::decode(&first[..]).unwrap();
        assert_eq!(first.file_version.as_deref(), Some("brain.Event:2"));
        let second = Event::decode(&second[..]).unwrap();
        assert_eq!(second.step, 7);
        let values = second.summary.unwrap().values;
        let read: Vec<_> = values
            .iter()
            .map(|value| (value.tag.as_str(), value.simple_value))
            .collect();
        assert_eq!(read, [("loss/total", Some(1.5)), ("rate", Some(0.25))]);
    }
}
