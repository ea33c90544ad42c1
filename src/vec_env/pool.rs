//! The threads of one batch: made when first needed, and made again in a forked process.

use std::mem;
use std::process;
use std::thread::available_parallelism;

use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::error::{Error, Result};

/// How many threads, and the threads themselves once there was work for them.
pub(crate) struct Pool {
    threads: usize,
    // With the process that made them: a forked child has the object but not the threads.
    made: Option<(u32, ThreadPool)>,
}

impl Pool {
    /// That many threads, for 0 as many as the machine runs at once.
    pub(crate) fn new(threads: usize) -> Self {
        let threads = match threads {
            0 => available_parallelism().map_or(1, usize::from),
            threads => threads,
        };
        Self { threads, made: None }
    }

    pub(crate) fn threads(&self) -> usize {
        self.threads
    }

    /// Runs some work where rayon's iterators use these threads, or on the caller's own if there
    /// is but one.
    pub(crate) fn run<R: Send>(&mut self, many: impl FnOnce(bool) -> R + Send) -> Result<R> {
        if self.threads == 1 {
            return Ok(many(false));
        }
        self.forget_another_process();
        if self.made.is_none() {
            let name = |i| format!("trifactor-{i}");
            let builder = ThreadPoolBuilder::new().num_threads(self.threads).thread_name(name);
            let pool = builder.build().map_err(|_| Error::Setting {
                name: "num_threads",
                value: self.threads.to_string(),
                reason: "the system refused to start that many threads; choose fewer",
            })?;
            self.made = Some((process::id(), pool));
        }
        match &self.made {
            Some((_, pool)) => Ok(pool.install(|| many(true))),
            None => Ok(many(false)),
        }
    }

    /// Ends the threads; later work starts new ones.
    pub(crate) fn close(&mut self) {
        self.forget_another_process();
        self.made = None;
    }

    // Waiting for threads that the fork did not copy would take for ever.
    fn forget_another_process(&mut self) {
        if self.made.as_ref().is_some_and(|(id, _)| *id != process::id()) {
            mem::forget(self.made.take());
        }
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.forget_another_process();
    }
}
