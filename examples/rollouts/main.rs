//! Lays the roll-outs of facts 7.2 beside the reference's points: prints the numbers and draws
//! `docs/rollouts/*.svg`.
//!
//! Run with `cargo run --example rollouts`.

mod plots;
mod scenes;

use std::error::Error;
use std::path::Path;

use scenes::{DROP, MARKS, SLIDING};
use trifactor::world::Preset;

fn main() -> Result<(), Box<dyn Error>> {
    print_numbers();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/rollouts");
    std::fs::create_dir_all(&folder)?;
    for (name, picture) in plots::all()? {
        std::fs::write(folder.join(name), picture)?;
        println!("docs/rollouts/{name}");
    }
    Ok(())
}

fn print_numbers() {
    let [accurate, reference] = [Preset::Accurate, Preset::Reference].map(Preset::physics);
    println!("scene              step  recorded  reference  accurate");
    for (speed, points) in &SLIDING {
        let ours = [reference, accurate].map(|physics| scenes::slide(physics, *speed, 100));
        for &(step, x) in points {
            let [r, a] = ours.each_ref().map(|x| x[step]);
            println!("slide {speed} m/s, x   {step:4} {x:9.5}  {r:9.5} {a:9.5}");
        }
    }
    let ours = [reference, accurate].map(|physics| scenes::fall(physics, 100));
    for (step, z) in DROP {
        let [r, a] = ours.each_ref().map(|z| z[step]);
        println!("drop, z            {step:4} {z:9.5}  {r:9.5} {a:9.5}");
    }
    let ours = [reference, accurate].map(scenes::push);
    for mark in &MARKS {
        let [r, a] = ours.each_ref().map(|samples| samples[mark.step]);
        for (axis, name) in ["x", "y", "z"].into_iter().enumerate() {
            let step = mark.step;
            let (t, u, v) = (mark.tip[axis], r.tip[axis], a.tip[axis]);
            println!("push, tip {name}        {step:4} {t:9.5}  {u:9.5} {v:9.5}");
            let (t, u, v) = (mark.block[axis], r.block[axis], a.block[axis]);
            println!("push, block {name}      {step:4} {t:9.5}  {u:9.5} {v:9.5}");
        }
        println!(
            "push, yaw (deg)    {:4} {:9.1}  {:9.1} {:9.1}",
            mark.step,
            mark.yaw,
            r.yaw(),
            a.yaw()
        );
    }
}
