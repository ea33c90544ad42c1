//! The part of the Unified Robot Description Format that the TriFinger needs, as plain structs.

use std::str::FromStr;

use nalgebra::Vector3;
use roxmltree::{Document, Node};

use crate::error::{Error, Result};
use crate::math::{self, IDENTITY, Quat, Triple};

/// A capsule: all points within `radius` of a segment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Capsule {
    /// One end of the segment, link frame, m.
    pub a: Triple,
    /// The other end of the segment, link frame, m.
    pub b: Triple,
    /// Radius, m.
    pub radius: f64,
}

/// A mesh to draw.
#[derive(Clone, Debug, PartialEq)]
pub struct Visual {
    /// File name below `assets/`.
    pub mesh: String,
    /// Origin of the mesh, link frame, m.
    pub position: Triple,
    /// Orientation of the mesh in the link frame.
    pub orientation: Quat,
}

/// One rigid link.
#[derive(Clone, Debug, PartialEq)]
pub struct Link {
    /// Its name in the URDF.
    pub name: String,
    /// Mass, kg; zero where the URDF gives none.
    pub mass: f64,
    /// Centre of mass, link frame, m.
    pub com: Triple,
    /// Principal moments of inertia about the centre of mass at that mass, kg m².
    pub inertia: Triple,
    /// Orientation of the principal axes in the link frame.
    pub inertia_frame: Quat,
    /// Collision shapes.
    pub capsules: Vec<Capsule>,
    /// What is drawn.
    pub visuals: Vec<Visual>,
    /// RGB of what is drawn, each in \[0, 1\].
    pub color: Triple,
}

/// One joint, placed where it stands when its angle is zero.
#[derive(Clone, Debug, PartialEq)]
pub struct Joint {
    /// Its name in the URDF.
    pub name: String,
    /// Name of the link it hangs from.
    pub parent: String,
    /// Name of the link it carries.
    pub child: String,
    /// Origin of the child link in the parent's frame, m.
    pub position: Triple,
    /// Orientation of the child link in the parent's frame at angle zero.
    pub orientation: Quat,
    /// Unit axis in the child's frame; `None` for a fixed joint.
    pub axis: Option<Triple>,
    /// Smallest angle, rad.
    pub low: f64,
    /// Largest angle, rad.
    pub high: f64,
}

/// All links and joints of a URDF in document order.
///
/// Errors with the place in the document where something is missing or malformed.
pub(super) fn parse(text: &str) -> Result<(Vec<Link>, Vec<Joint>)> {
    let document = Document::parse(text).map_err(|e| malformed("/".to_string(), e.to_string()))?;
    let robot = document.root_element();
    if !robot.has_tag_name("robot") {
        return Err(malformed(place(robot), "the root element must be <robot>".to_string()));
    }
    let links = children(robot, "link").map(|n| link(robot, n)).collect::<Result<_>>()?;
    let joints = children(robot, "joint").map(joint).collect::<Result<_>>()?;
    Ok((links, joints))
}

pub(super) fn malformed(path: String, reason: String) -> Error {
    Error::Malformed { what: "robot description".to_string(), path, reason }
}

fn link(robot: Node, node: Node) -> Result<Link> {
    let mut link = Link {
        name: attribute(node, "name")?.to_string(),
        mass: 0.0,
        com: [0.0; 3],
        inertia: [0.0; 3],
        inertia_frame: IDENTITY,
        capsules: children(node, "collision").map(capsule).collect::<Result<_>>()?,
        visuals: children(node, "visual").map(visual).collect::<Result<_>>()?,
        color: [1.0; 3],
    };
    if let Some(inertial) = children(node, "inertial").next() {
        (link.com, link.inertia_frame) = origin(inertial)?;
        link.mass = positive(child(inertial, "mass")?, "value")?;
        let inertia = child(inertial, "inertia")?;
        for (moment, name) in link.inertia.iter_mut().zip(["ixx", "iyy", "izz"]) {
            *moment = positive(inertia, name)?;
        }
        for name in ["ixy", "ixz", "iyz"] {
            if number(inertia, name)? != 0.0 {
                let reason = "products of inertia must be 0; turn the inertial origin instead";
                return Err(malformed(format!("{}/@{name}", place(inertia)), reason.to_string()));
            }
        }
    }
    if let Some(visual) = children(node, "visual").next() {
        link.color = color(robot, child(visual, "material")?)?;
    }
    Ok(link)
}

fn joint(node: Node) -> Result<Joint> {
    let (position, orientation) = origin(node)?;
    let mut joint = Joint {
        name: attribute(node, "name")?.to_string(),
        parent: attribute(child(node, "parent")?, "link")?.to_string(),
        child: attribute(child(node, "child")?, "link")?.to_string(),
        position,
        orientation,
        axis: None,
        low: 0.0,
        high: 0.0,
    };
    match attribute(node, "type")? {
        "fixed" => {}
        "revolute" => {
            let axis: Triple = numbers(child(node, "axis")?, "xyz")?;
            if (math::norm(&math::vector(axis)) - 1.0).abs() > 1e-9 {
                let reason = "the axis must be of unit length".to_string();
                return Err(malformed(format!("{}/axis/@xyz", place(node)), reason));
            }
            let limit = child(node, "limit")?;
            joint.axis = Some(axis);
            (joint.low, joint.high) = (number(limit, "lower")?, number(limit, "upper")?);
            if joint.low > joint.high {
                let reason = format!("the lower limit {} exceeds {}", joint.low, joint.high);
                return Err(malformed(place(limit), reason));
            }
        }
        other => {
            let reason = format!("expected 'fixed' or 'revolute', got '{other}'");
            return Err(malformed(format!("{}/@type", place(node)), reason));
        }
    }
    Ok(joint)
}

fn capsule(node: Node) -> Result<Capsule> {
    let (centre, orientation) = origin(node)?;
    let capsule = child(child(node, "geometry")?, "capsule")?;
    let length = positive(capsule, "length")?;
    let half = math::rotation(orientation) * Vector3::new(0.0, 0.0, 0.5 * length);
    let centre = math::vector(centre);
    Ok(Capsule {
        a: math::triple(centre + half),
        b: math::triple(centre - half),
        radius: positive(capsule, "radius")?,
    })
}

fn visual(node: Node) -> Result<Visual> {
    let (position, orientation) = origin(node)?;
    let mesh = child(child(node, "geometry")?, "mesh")?;
    Ok(Visual { mesh: attribute(mesh, "filename")?.to_string(), position, orientation })
}

/// The colour of a material: its own, or that of the robot's material of the same name.
fn color(robot: Node, material: Node) -> Result<Triple> {
    let name = attribute(material, "name")?;
    let definition = children(material, "color").next().or_else(|| {
        children(robot, "material")
            .find(|m| m.attribute("name") == Some(name))
            .and_then(|m| children(m, "color").next())
    });
    let Some(definition) = definition else {
        return Err(malformed(place(material), format!("no colour is given for '{name}'")));
    };
    let [r, g, b, _] = numbers(definition, "rgba")?;
    Ok([r, g, b])
}

/// Position and orientation of an element's origin; the identity where it gives none.
fn origin(node: Node) -> Result<(Triple, Quat)> {
    let Some(origin) = children(node, "origin").next() else {
        return Ok(([0.0; 3], IDENTITY));
    };
    let [roll, pitch, yaw] = numbers(origin, "rpy")?;
    let turn = |axis: Triple, angle: f64| {
        math::rotation(math::from_rotation_vector(axis.map(|x| x * angle)))
    };
    let orientation =
        turn([0.0, 0.0, 1.0], yaw) * turn([0.0, 1.0, 0.0], pitch) * turn([1.0, 0.0, 0.0], roll);
    Ok((numbers(origin, "xyz")?, math::quat(orientation)))
}

fn children<'a, 'input: 'a>(
    node: Node<'a, 'input>,
    tag: &'static str,
) -> impl Iterator<Item = Node<'a, 'input>> {
    node.children().filter(move |n| n.has_tag_name(tag))
}

fn child<'a, 'input>(node: Node<'a, 'input>, tag: &'static str) -> Result<Node<'a, 'input>> {
    children(node, tag)
        .next()
        .ok_or_else(|| malformed(place(node), format!("the element <{tag}> is missing")))
}

fn attribute<'a>(node: Node<'a, '_>, name: &str) -> Result<&'a str> {
    node.attribute(name)
        .ok_or_else(|| malformed(place(node), format!("the attribute '{name}' is missing")))
}

fn numbers<const N: usize>(node: Node, name: &str) -> Result<[f64; N]> {
    let text = attribute(node, name)?;
    let found: Option<Vec<f64>> = text
        .split_whitespace()
        .map(|word| f64::from_str(word).ok().filter(|number| number.is_finite()))
        .collect();
    found.and_then(|numbers| <[f64; N]>::try_from(numbers).ok()).ok_or_else(|| {
        let reason = format!("expected {N} finite number(s), got '{text}'");
        malformed(format!("{}/@{name}", place(node)), reason)
    })
}

fn number(node: Node, name: &str) -> Result<f64> {
    numbers::<1>(node, name).map(|[number]| number)
}

fn positive(node: Node, name: &str) -> Result<f64> {
    let value = number(node, name)?;
    if value > 0.0 {
        return Ok(value);
    }
    Err(malformed(format!("{}/@{name}", place(node)), format!("{value} must be above 0")))
}

/// Where an element stands, such as `/robot/link[finger_tip_link_0]/inertial`.
fn place(node: Node) -> String {
    let mut path = String::new();
    for node in node.ancestors().filter(Node::is_element) {
        let tag = node.tag_name().name();
        path = match node.attribute("name") {
            Some(name) if node.parent_element().is_some() => format!("/{tag}[{name}]{path}"),
            _ => format!("/{tag}{path}"),
        };
    }
    path
}
