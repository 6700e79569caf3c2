//! Three durable steps in sequence, then return, on fusee; and its load. fusee is a library: the
//! workflows run in this process, on one log file per shard.
//!
//!     three_steps_on_fusee DIRECTORY IN-FLIGHT SECONDS
//!
//! Prints "WORKFLOWS_PER_SECOND P50_MICROSECONDS".

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::available_parallelism;
use std::time::{Duration, Instant};

use fusee::{Config, Ctx, Engine, Error};

const WARM_UP: Duration = Duration::from_secs(2);

#[tokio::main]
async fn main() -> Result<(), Error> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, directory, in_flight, seconds] = &arguments[..] else {
        panic!("usage: three_steps_on_fusee DIRECTORY IN-FLIGHT SECONDS");
    };
    let in_flight: usize = in_flight.parse().expect("IN-FLIGHT is a number");
    let measured = Duration::from_secs(seconds.parse().expect("SECONDS is a number"));

    // As it comes, but for the shards: one for each core.
    let shards = available_parallelism().map_or(1, |cores| cores.get() as u32);
    let engine = Arc::new(Engine::open(Config::local(directory).shards(shards)).await?);
    let three_steps = |ctx: Ctx, start: u64| async move {
        let mut value = start;
        for name in ["first", "second", "third"] {
            let step = ctx.step(name, || async move { Ok::<_, Error>(value + 1) });
            value = step.await?;
        }
        Ok(value)
    };
    let workflow = Arc::new(engine.register("three_steps", three_steps));
    let next_id = Arc::new(AtomicU64::new(0));

    // Keeps that many workflows going: a task each, which starts its next workflow when it has
    // the result of the last. Returns how long each workflow took, sorted.
    let load = async |duration: Duration| {
        let end = Instant::now() + duration;
        let tasks: Vec<_> = (0..in_flight)
            .map(|_| {
                let (engine, workflow, next_id) =
                    (engine.clone(), workflow.clone(), next_id.clone());
                tokio::spawn(async move {
                    let mut took = Vec::new();
                    while Instant::now() < end {
                        let start = Instant::now();
                        let id = format!("run-{}", next_id.fetch_add(1, Ordering::Relaxed));
                        let result: u64 = engine.execute(&*workflow, &id, &39).await?;
                        assert_eq!(result, 42);
                        took.push(start.elapsed());
                    }
                    Ok::<_, Error>(took)
                })
            })
            .collect();
        let mut took = Vec::new();
        for task in tasks {
            took.extend(task.await.expect("a task of the load panicked")?);
        }
        took.sort_unstable();
        Ok::<_, Error>(took)
    };

    load(WARM_UP).await?;
    let began = Instant::now();
    let took = load(measured).await?;
    let rate = took.len() as f64 / began.elapsed().as_secs_f64();
    println!("{rate:.1} {}", took[took.len() / 2].as_micros());
    engine.shutdown().await
}
