//! Light: how bright what is nearest is, shadows, and the mean over a pixel's samples.

use serde::{Deserialize, Serialize};

use super::composition::{Composition, Look, byte};
use super::image::Image;
use super::raster::Target;
use super::view::View;
use crate::error::{Error, Result};
use crate::math::{self, Triple};
use crate::world::LightState;

/// Pixels along an edge of the shadow map.
pub(super) const SHADOW_PIXELS: usize = 1024;
/// How wide the shadow map is, m, and the middle of what it shows.
pub(super) const SHADOW_REACH: f64 = 0.9;
pub(super) const SHADOW_MIDDLE: Triple = [0.0, 0.0, 0.15];
/// How far behind the nearest surface a point must lie to be in its shadow, m.
const SHADOW_BIAS: f32 = 0.003;
/// Levels of the table of brightness.
const LEVELS: usize = 256;
/// One, in the table of brightness.
const UNIT: u32 = 1 << 16;

/// The light and how finely images are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Style {
    /// How many samples a pixel has along each axis, 1 to 4.
    pub samples: usize,
    /// Whether bodies throw shadows.
    pub shadows: bool,
    /// Where the light comes from: a direction, world frame.
    pub light: Triple,
    /// How bright surfaces are that the light does not reach, 0 to 1.
    pub ambient: f64,
    /// How much brighter surfaces are that face the light, 0 to 1.
    pub diffuse: f64,
    /// RGB of what is not there, each in \[0, 1\].
    pub background: Triple,
}

impl Default for Style {
    /// What observations look like: one sample, no shadows, a light from where the reference's
    /// seems to come.
    fn default() -> Self {
        Self {
            samples: 1,
            shadows: false,
            light: [-0.3, 0.4, 0.85],
            ambient: 0.6,
            diffuse: 0.4,
            background: [0.93, 0.94, 0.96],
        }
    }
}

impl Style {
    /// What pictures for people look like: shadows, and nine samples in every pixel.
    pub fn picture() -> Self {
        Self { samples: 3, shadows: true, light: [0.35, -0.5, 0.8], ..Self::default() }
    }

    /// Refuses a style that nothing can be drawn in; `name` is what it is called.
    ///
    /// # Errors
    /// [`Error::Setting`] for samples other than 1 to 4, a light from nowhere, or brightness and
    /// colours outside 0 to 1.
    pub fn check(&self) -> Result<()> {
        let refuse = |name, value: String, reason| Err(Error::Setting { name, value, reason });
        if !(1..=4).contains(&self.samples) {
            return refuse("style.samples", self.samples.to_string(), "must be 1 to 4");
        }
        let length = math::vector(self.light).norm();
        if !(length > 1e-9 && length.is_finite()) {
            let reason = "must be a direction, of any length but 0";
            return refuse("style.light", format!("{:?}", self.light), reason);
        }
        let shares = [
            ("style.ambient", &[self.ambient][..]),
            ("style.diffuse", &[self.diffuse][..]),
            ("style.background", &self.background[..]),
        ];
        let outside = |share: &f64| !(0.0..=1.0).contains(share);
        match shares.into_iter().find(|(_, shares)| shares.iter().any(outside)) {
            Some((name, value)) => refuse(name, format!("{value:?}"), "must lie between 0 and 1"),
            None => Ok(()),
        }
    }

    /// The direction to a state's light as a unit vector; from above where the style has none.
    pub(super) fn toward_light(&self, light: &LightState) -> Triple {
        let direction = math::vector(self.light).try_normalize(1e-9);
        let direction = direction.map_or([0.0, 0.0, 1.0], math::triple);
        if light.turn == [0.0; 3] {
            return direction;
        }
        let turn = math::rotation(math::from_rotation_vector(light.turn));
        math::triple(turn * math::vector(direction))
    }
}

/// How bright a surface is, by the cosine between its normal and the light: lit, in shadow.
#[derive(Debug)]
pub(super) struct Brightness([[u32; LEVELS]; 2]);

impl Brightness {
    /// The table of a style under a state's light.
    pub(super) fn of(style: &Style, light: &LightState) -> Self {
        let (ambient, diffuse) = (style.ambient * light.ambient, style.diffuse * light.intensity);
        // What faces away is darker than what is only in shadow, so that edges stay seen.
        let entry = |level: usize, lit: f64| {
            let cosine = level as f64 / ((LEVELS - 1) as f64) * 2.0 - 1.0;
            let direct = diffuse * cosine.max(0.0) * lit;
            let behind = 0.25 * ambient * (-cosine).max(0.0);
            let modelled = 0.3 * diffuse * cosine.max(0.0) * (1.0 - lit);
            ((ambient + direct + modelled - behind).clamp(0.0, 1.0) * f64::from(UNIT)) as u32
        };
        let table = |lit: f64| std::array::from_fn(|level| entry(level, lit));
        Self([table(1.0), table(0.0)])
    }

    /// The share of its colour that a surface shows, in 1/65536; `shade` is 0 (lit) to 9.
    #[inline]
    fn at(&self, cosine: f32, shade: u32) -> u32 {
        let last = (LEVELS - 1) as f32;
        let level = ((cosine + 1.0) * (0.5 * last) + 0.5) as u8 as usize;
        let lit = self.0[0][level];
        if shade == 0 { lit } else { (lit * (9 - shade) + self.0[1][level] * shade) / 9 }
    }
}

/// What is needed to turn samples into pixels.
pub(super) struct Shader<'a> {
    pub(super) brightness: &'a Brightness,
    pub(super) looks: &'a [Look],
    pub(super) view: View,
    /// The light's view and what is nearest to it.
    pub(super) shadows: Option<(View, &'a Target)>,
    pub(super) background: [u8; 3],
    pub(super) samples: usize,
}

impl Shader<'_> {
    /// The colour of a sample, RGB.
    fn color(&self, target: &Target, at: usize) -> [u8; 3] {
        let part = target.part[at] as usize;
        let Some(look) = part.checked_sub(1).and_then(|part| self.looks.get(part)) else {
            return self.background;
        };
        let cosine = target.light[at];
        let place = || {
            let (x, y) = (at % target.width, at / target.width);
            self.view.unproject(x as f32 + 0.5, y as f32 + 0.5, target.nearness[at])
        };
        let shade = match &self.shadows {
            Some((light, map)) if cosine > 0.0 => shade(light, map, place()),
            _ => 0,
        };
        let color = match &look.paint {
            Some(paint) if paint.covers(place()) => paint.color,
            _ => look.color,
        };
        let share = self.brightness.at(cosine, shade);
        color.map(|c| ((u32::from(c) * share + UNIT / 2) >> 16) as u8)
    }

    /// Colours of all samples.
    pub(super) fn colors(&self, target: &Target, out: &mut Vec<[u8; 3]>) {
        out.clear();
        if self.shadows.is_some() || self.looks.iter().any(|look| look.paint.is_some()) {
            out.extend((0..target.part.len()).map(|at| self.color(target, at)));
            return;
        }
        // The same without shadows and patterns, quicker: no sample needs to know where it is.
        let palette: Vec<[u32; 3]> = std::iter::once(&self.background)
            .chain(self.looks.iter().map(|look| &look.color))
            .map(|color| color.map(u32::from))
            .collect();
        out.extend(target.part.iter().zip(&target.light).map(|(part, cosine)| {
            let share = if *part == 0 { UNIT } else { self.brightness.at(*cosine, 0) };
            let [r, g, b] = palette[*part as usize];
            let shown = |c: u32| ((c * share + UNIT / 2) >> 16) as u8;
            [shown(r), shown(g), shown(b)]
        }));
    }

    /// Lays a translucent part, which alone is in `layer`, over the samples that it is before; it
    /// is then what is seen there. A mark is laid over all, and not taken for what is there.
    pub(super) fn blend(
        &self,
        layer: &Target,
        look: &Look,
        target: &mut Target,
        colors: &mut [[u8; 3]],
    ) {
        let over = (look.opacity * 256.0) as u32;
        for (at, color) in colors.iter_mut().enumerate() {
            if layer.nearness[at] > if look.on_top { 0.0 } else { target.nearness[at] } {
                let new = self.color(layer, at);
                for (old, new) in color.iter_mut().zip(new) {
                    let mixed = u32::from(*old) * (256 - over) + u32::from(new) * over;
                    *old = ((mixed + 128) >> 8) as u8;
                }
                if !look.on_top {
                    (target.nearness[at], target.part[at]) = (layer.nearness[at], layer.part[at]);
                }
            }
        }
    }

    /// The image of the samples, with distances and entities or without.
    pub(super) fn develop(
        &self,
        target: &Target,
        colors: &[[u8; 3]],
        whole: bool,
        image: &mut Image,
    ) {
        let samples = self.samples;
        let (width, height) = (target.width / samples, target.height / samples);
        image.resize(width, height, whole);
        if samples == 1 {
            image.rgb.copy_from_slice(colors.as_flattened());
        } else {
            self.average(target, colors, image);
        }
        if whole {
            self.survey(target, image);
        }
    }

    /// Distances and entities, of the sample in the middle of every pixel.
    fn survey(&self, target: &Target, image: &mut Image) {
        let (samples, width, height) = (self.samples, image.width, image.height);
        let middle = samples / 2 * (target.width + 1);
        for y in 0..height {
            let row = middle + y * samples * target.width;
            for x in 0..width {
                let (from, to) = (row + x * samples, y * width + x);
                let nearness = target.nearness[from];
                image.depth[to] = if nearness > 0.0 { 1.0 / nearness } else { f32::INFINITY };
                let part = (target.part[from] as usize).checked_sub(1);
                image.entity[to] = part.map_or(0, |part| self.looks[part].entity);
            }
        }
    }

    fn average(&self, target: &Target, colors: &[[u8; 3]], image: &mut Image) {
        let samples = self.samples;
        let count = (samples * samples) as u32;
        for (at, pixel) in image.rgb.chunks_exact_mut(3).enumerate() {
            let (x, y) = (at % image.width * samples, at / image.width * samples);
            let mut sum = [0_u32; 3];
            for row in 0..samples {
                for color in &colors[(y + row) * target.width + x..][..samples] {
                    sum.iter_mut().zip(color).for_each(|(sum, c)| *sum += u32::from(*c));
                }
            }
            pixel.iter_mut().zip(sum).for_each(|(p, sum)| *p = ((sum + count / 2) / count) as u8);
        }
    }
}

/// How many of the nine texels about a point are in shadow.
fn shade(light: &View, map: &Target, p: [f32; 3]) -> u32 {
    let [x, y, nearness] = light.parallel(p);
    let inside = |v: f32| v >= 1.0 && v < (SHADOW_PIXELS - 1) as f32;
    if !(inside(x) && inside(y)) {
        return 0;
    }
    let (x, y) = (x as usize, y as usize);
    let mut hidden = 0;
    for row in y - 1..=y + 1 {
        let texels = &map.nearness[row * map.width + x - 1..][..3];
        hidden += texels.iter().filter(|texel| **texel > nearness + SHADOW_BIAS).count() as u32;
    }
    hidden
}

/// The colour of what is not there.
pub(super) fn background(style: &Style) -> [u8; 3] {
    style.background.map(byte)
}

/// The order in which translucent parts are laid over each other: the farthest first, marks last.
pub(super) fn far_to_near(composition: &Composition, eye: Triple, order: &mut Vec<usize>) {
    order.clear();
    let translucent = |i: &usize| composition.looks[*i].opacity < 1.0;
    order.extend((0..composition.parts.len()).filter(translucent));
    let distance =
        |i: &usize| (math::vector(composition.looks[*i].center) - math::vector(eye)).norm_squared();
    let on_top = |i: &usize| composition.looks[*i].on_top;
    let key = |i: &usize| (on_top(i), distance(i));
    order.sort_by(|a, b| {
        let (a, b) = (key(a), key(b));
        a.0.cmp(&b.0).then(b.1.total_cmp(&a.1))
    });
}
