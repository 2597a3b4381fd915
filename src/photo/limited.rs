//! Files of which only so much is read, however long they are.

use std::io::{BufRead, Read, Seek};

/// A reader that ends after so many bytes without an error.
pub(super) struct Limited<'a, R> {
    inner: &'a mut R,
    left: u64,
}

impl<'a, R> Limited<'a, R> {
    pub(super) fn new(inner: &'a mut R, left: u64) -> Self {
        Limited { inner, left }
    }
}

impl<R: BufRead> Read for Limited<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let most = buffer
            .len()
            .min(usize::try_from(self.left).unwrap_or(usize::MAX));
        let read = self.inner.read(&mut buffer[..most])?;
        self.left -= read as u64;
        Ok(read)
    }
}

impl<R: BufRead> BufRead for Limited<'_, R> {
    fn fill_buf(&mut self) -> std::io::Result<&[u8]> {
        let buffer = self.inner.fill_buf()?;
        let most = buffer
            .len()
            .min(usize::try_from(self.left).unwrap_or(usize::MAX));
        Ok(&buffer[..most])
    }

    fn consume(&mut self, amount: usize) {
        self.left -= amount as u64;
        self.inner.consume(amount);
    }
}

impl<R: Seek> Seek for Limited<'_, R> {
    fn seek(&mut self, to: std::io::SeekFrom) -> std::io::Result<u64> {
        self.inner.seek(to)
    }
}
