//! A thread's own time, which the benchmarks share.

use std::sync::LazyLock;
use std::time::Instant;

/// Seconds that this thread has worked, by the system's account where there is one: other work on
/// the machine then takes nothing from a rate but what it takes from the caches.
pub(crate) fn busy() -> f64 {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    // The account of a thread that goes on is some milliseconds old; one that yields settles it.
    std::thread::yield_now();
    let account = std::fs::read_to_string("/proc/thread-self/schedstat");
    let nanoseconds = account.ok().and_then(|text| text.split(' ').next()?.parse::<f64>().ok());
    nanoseconds.map_or_else(|| START.elapsed().as_secs_f64(), |ns| ns * 1e-9)
}
