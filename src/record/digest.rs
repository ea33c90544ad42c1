//! Digests: each batch's is of the one before it and of every value in its columns, so that no
//! value can be changed, and no episode taken out or moved, without its being seen.

use arrow_array::cast::AsArray;
use arrow_array::types::{Float32Type, Float64Type, UInt32Type, UInt64Type};
use arrow_array::{Array, RecordBatch};
use arrow_buffer::{ArrowNativeType, ScalarBuffer};
use arrow_schema::{DataType, Schema};
use sha2::{Digest as _, Sha256};

/// The length of a digest, bytes.
pub(super) const LENGTH: usize = 32;

/// A SHA-256 digest.
pub(super) type Digest = [u8; LENGTH];

/// What the first batch's digest goes on from: that of the metadata.
pub(super) fn of_schema(schema: &Schema) -> Digest {
    let mut entries: Vec<_> = schema.metadata.iter().collect();
    entries.sort();
    let mut hash = Sha256::new();
    for (key, value) in entries {
        text(&mut hash, key.as_bytes());
        text(&mut hash, value.as_bytes());
    }
    hash.finalize().into()
}

/// The digest of a batch's columns, that of the digest itself left out.
pub(super) fn of_batch(before: &Digest, batch: &RecordBatch) -> Digest {
    let mut hash = Sha256::new();
    hash.update(before);
    hash.update((batch.num_rows() as u64).to_le_bytes());
    for (field, column) in batch.schema().fields().iter().zip(batch.columns()) {
        if field.name() != "digest" {
            text(&mut hash, field.name().as_bytes());
            array(&mut hash, column.as_ref());
        }
    }
    hash.finalize().into()
}

fn text(hash: &mut Sha256, bytes: &[u8]) {
    hash.update((bytes.len() as u64).to_le_bytes());
    hash.update(bytes);
}

/// Which values there are, then the values.
fn array(hash: &mut Sha256, column: &dyn Array) {
    let there: Vec<u8> = (0..column.len()).map(|row| u8::from(column.is_valid(row))).collect();
    hash.update(&there);
    match column.data_type() {
        DataType::UInt32 => numbers(hash, column.as_primitive::<UInt32Type>().values()),
        DataType::UInt64 => numbers(hash, column.as_primitive::<UInt64Type>().values()),
        DataType::Float32 => numbers(hash, column.as_primitive::<Float32Type>().values()),
        DataType::Float64 => numbers(hash, column.as_primitive::<Float64Type>().values()),
        DataType::Boolean => {
            let truths = column.as_boolean().values();
            hash.update(truths.iter().map(u8::from).collect::<Vec<_>>());
        }
        DataType::Utf8 => {
            let texts = column.as_string::<i32>();
            (0..texts.len()).for_each(|row| text(hash, texts.value(row).as_bytes()));
        }
        DataType::FixedSizeList(..) => array(hash, column.as_fixed_size_list().values()),
        DataType::List(_) => {
            let lists = column.as_list::<i32>();
            for length in lists.offsets().lengths() {
                hash.update((length as u64).to_le_bytes());
            }
            let offsets = lists.offsets();
            let (first, last) = (offsets[0] as usize, offsets[offsets.len() - 1] as usize);
            array(hash, lists.values().slice(first, last - first).as_ref());
        }
        // The header's check lets no other kind of column in.
        _ => {}
    }
}

fn numbers<T: ArrowNativeType>(hash: &mut Sha256, values: &ScalarBuffer<T>) {
    hash.update(values.inner().as_slice());
}
