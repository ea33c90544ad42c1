// Scenes as the rasteriser in software draws them: light along vertices, patterns in bodies' frames.

struct Part {
    // From the part's frame to the world.
    rows: array<vec4f, 3>,
    // The direction to the light in the part's frame; w: 1 where scales turn normals.
    toward: vec4f,
    // Scale; w: repetitions of the pattern in 1 m.
    scale: vec4f,
    // RGB; w: the number of the entity.
    color: vec4f,
    // The pattern's colour; w: its kind.
    second: vec4f,
}

struct View {
    // The image's axes, in units of half an image; w: what the position adds.
    right: vec4f,
    down: vec4f,
    forward: vec4f,
    // Brightness by ambient and by direct light; the first of the scene's parts.
    light: vec4f,
}

@group(0) @binding(0) var<storage, read> parts: array<Part>;
@group(0) @binding(1) var<storage, read> views: array<View>;

struct Corner {
    @builtin(position) position: vec4f,
    @location(0) cosine: f32,
    @location(1) place: vec3f,
    @location(2) @interpolate(flat) part: u32,
    @location(3) @interpolate(flat) view: u32,
}

const NEAR = 0.001;

@vertex
fn corner(
    @builtin(instance_index) instance: u32,
    @location(0) position: vec3f,
    @location(1) normal: vec3f,
    @location(2) number: u32,
) -> Corner {
    let view = views[instance];
    let index = u32(view.light.z) + number;
    let part = parts[index];
    let local = vec4f(position, 1.0);
    let world = vec4f(dot(part.rows[0], local), dot(part.rows[1], local), dot(part.rows[2], local), 1.0);
    let distance = dot(view.forward, world);
    var cosine = dot(normal, part.toward.xyz);
    if part.toward.w > 0.5 {
        let turned = normal / part.scale.xyz;
        cosine = dot(turned, part.toward.xyz) / length(turned);
    }
    var out: Corner;
    // What is nearer has the greater depth: its share of the near plane's.
    out.position = vec4f(dot(view.right, world), -dot(view.down, world), NEAR, distance);
    out.cosine = cosine;
    out.place = position * part.scale.xyz * part.scale.w;
    out.part = index;
    out.view = instance;
    return out;
}

const OFFSET = 0.37;
const BALL = 0.1225;

fn from_lattice(place: vec3f, center: f32) -> f32 {
    let away = fract(place - center + 0.5) - 0.5;
    return dot(away, away);
}

fn covers(kind: u32, place: vec3f) -> bool {
    switch kind {
        case 1u: {
            let cell = floor(place);
            return fract(0.5 * (cell.x + cell.y + cell.z)) > 0.25;
        }
        case 2u: { return fract(place.x + place.y + place.z) < 0.5; }
        case 3u: { return min(from_lattice(place, 0.0), from_lattice(place, 0.5)) < BALL; }
        default: { return false; }
    }
}

struct Pixel {
    @location(0) color: vec4f,
    // Distance along the optical axis, number of the entity.
    @location(1) survey: vec2f,
}

@fragment
fn pixel(in: Corner) -> Pixel {
    let part = parts[in.part];
    let light = views[in.view].light;
    var color = part.color.rgb;
    if covers(u32(part.second.w), in.place + OFFSET) {
        color = part.second.rgb;
    }
    let cosine = clamp(in.cosine, -1.0, 1.0);
    let direct = light.y * max(cosine, 0.0);
    let behind = 0.25 * light.x * max(-cosine, 0.0);
    let share = clamp(light.x + direct - behind, 0.0, 1.0);
    var out: Pixel;
    out.color = vec4f(color * share, 1.0);
    out.survey = vec2f(NEAR / in.position.z, part.color.w);
    return out;
}
