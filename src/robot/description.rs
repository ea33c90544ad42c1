//! What of the robot is fixed: frames, masses, shapes and limits, read from its URDF.

use std::sync::LazyLock;

use super::urdf::{self, malformed};
use super::{FINGERS, JOINTS_PER_FINGER};
use crate::error::Result;
use crate::math::{self, Quat, Triple};

pub use super::urdf::{Capsule, Joint, Link, Visual};

/// The text of `assets/trifinger.urdf`.
pub const URDF: &str = include_str!("../../assets/trifinger.urdf");

/// The robot as its URDF describes it (facts 1.2 to 1.4, 1.6, 1.8).
#[derive(Clone, Debug, PartialEq)]
pub struct Description {
    /// Fingers 60, 120 and 300.
    pub fingers: [Finger; FINGERS],
}

/// One finger: a chain of links, each carried by the one before.
#[derive(Clone, Debug, PartialEq)]
pub struct Finger {
    /// Origin of the finger base in the world frame at the default robot height, m.
    pub position: Triple,
    /// Orientation of the finger base in the world frame.
    pub orientation: Quat,
    /// Base (fixed), upper, middle and lower link.
    pub links: [Link; JOINTS_PER_FINGER + 1],
    /// The joints that carry the upper, middle and lower link.
    pub joints: [Joint; JOINTS_PER_FINGER],
    /// The shapeless body at the fingertip, fixed to the lower link.
    pub tip: Link,
    /// Origin of the fingertip in the lower link's frame, m.
    pub tip_position: Triple,
}

/// The robot's description, parsed once from the embedded URDF.
pub fn description() -> &'static Description {
    static DESCRIPTION: LazyLock<Description> = LazyLock::new(|| match Description::parse(URDF) {
        Ok(description) => description,
        // Only a broken file in this repository gets here, and a test keeps it whole.
        Err(error) => panic!("assets/trifinger.urdf, as compiled in, is broken: {error}"),
    });
    &DESCRIPTION
}

impl Description {
    /// Reads a URDF: one base, from which three fingers of three revolute joints each hang.
    ///
    /// The fingers keep the document's order. Errors with the place in the document where
    /// something is missing, malformed or of another structure.
    pub fn parse(text: &str) -> Result<Self> {
        let (links, joints) = urdf::parse(text)?;
        let tree = Tree { links: &links, joints: &joints };
        let mut link = tree.root()?;
        let (mut position, mut orientation) =
            (math::vector([0.0; 3]), math::rotation(math::IDENTITY));
        // The base may be several links fixed to each other; it ends where the fingers part.
        while let [joint] = tree.children(link)[..] {
            position += orientation * math::vector(joint.position);
            orientation *= math::rotation(joint.orientation);
            link = tree.link(&joint.child, joint)?;
        }
        let children = tree.children(link);
        let [first, second, third] = children[..] else {
            let reason = format!("expected {FINGERS} fingers, got {}", children.len());
            return Err(malformed(format!("/robot/link[{}]", link.name), reason));
        };
        let finger = |joint: &Joint| {
            let position = position + orientation * math::vector(joint.position);
            let orientation = orientation * math::rotation(joint.orientation);
            tree.finger(joint, math::triple(position), math::quat(orientation))
        };
        Ok(Self { fingers: [finger(first)?, finger(second)?, finger(third)?] })
    }
}

/// Links and joints of a document, to be walked from the root.
struct Tree<'a> {
    links: &'a [Link],
    joints: &'a [Joint],
}

impl<'a> Tree<'a> {
    fn root(&self) -> Result<&'a Link> {
        let mut roots =
            self.links.iter().filter(|link| self.joints.iter().all(|j| j.child != link.name));
        match (roots.next(), roots.next()) {
            (Some(root), None) => Ok(root),
            (None, _) => Err(malformed("/robot".to_string(), "no link is the root".to_string())),
            (Some(a), Some(b)) => {
                let reason = format!("both '{}' and '{}' hang from no joint", a.name, b.name);
                Err(malformed("/robot".to_string(), reason))
            }
        }
    }

    fn children(&self, link: &Link) -> Vec<&'a Joint> {
        self.joints.iter().filter(|joint| joint.parent == link.name).collect()
    }

    fn link(&self, name: &str, joint: &Joint) -> Result<&'a Link> {
        self.links.iter().find(|link| link.name == name).ok_or_else(|| {
            let place = format!("/robot/joint[{}]/child/@link", joint.name);
            malformed(place, format!("no link is named '{name}'"))
        })
    }

    /// The one joint that a link of a finger carries.
    fn next(&self, link: &Link, fixed: bool) -> Result<&'a Joint> {
        match self.children(link)[..] {
            [joint] if joint.axis.is_none() == fixed => Ok(joint),
            _ => {
                let kind = if fixed { "fixed" } else { "revolute" };
                let reason = format!("expected exactly one joint below it, a {kind} one");
                Err(malformed(format!("/robot/link[{}]", link.name), reason))
            }
        }
    }

    fn finger(&self, base: &Joint, position: Triple, orientation: Quat) -> Result<Finger> {
        let base = self.link(&base.child, base)?;
        let to_upper = self.next(base, false)?;
        let upper = self.link(&to_upper.child, to_upper)?;
        let to_middle = self.next(upper, false)?;
        let middle = self.link(&to_middle.child, to_middle)?;
        let to_lower = self.next(middle, false)?;
        let lower = self.link(&to_lower.child, to_lower)?;
        let to_tip = self.next(lower, true)?;
        Ok(Finger {
            position,
            orientation,
            links: [base, upper, middle, lower].map(Link::clone),
            joints: [to_upper, to_middle, to_lower].map(Joint::clone),
            tip: self.link(&to_tip.child, to_tip)?.clone(),
            tip_position: to_tip.position,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;

    #[test]
    fn the_embedded_description_parses() {
        let description = Description::parse(URDF).unwrap();
        assert_eq!(&description, super::description());
        for (finger, color) in description.fingers.iter().zip([[0.6, 0.0, 0.0], [0.0, 0.6, 0.0]]) {
            assert_eq!(finger.links[1].color, color);
        }
        for finger in &description.fingers {
            assert!((finger.position[2] - 0.329).abs() < 1e-15);
            assert_eq!(finger.links.each_ref().map(|l| l.mass), [1.0, 0.14854, 0.14854, 0.0307]);
            assert_eq!(finger.links.each_ref().map(|l| l.capsules.len()), [0, 1, 1, 1]);
            assert_eq!(finger.tip.mass, 0.01);
            assert_eq!(finger.tip_position, [0.0, -0.008, -0.16]);
            let fingertip = finger.links[3].capsules[0];
            for (found, expected) in fingertip.b.iter().zip([0.0, -0.008, -0.16]) {
                assert!((found - expected).abs() < 1e-12);
            }
            assert_eq!(fingertip.radius, 0.0105);
        }
    }

    #[test]
    fn a_malformed_description_is_refused_with_its_place() {
        let cases = [
            ("<robot", "", "/"),
            ("</robot>", "<link name=\"stray\"/></robot>", "/robot"),
            (
                "<mass value=\"0.14854\"/>",
                "<mass value=\"-1\"/>",
                "/robot/link[finger_upper_link_0]/inertial/mass/@value",
            ),
            (
                "<axis xyz=\"-1 0 0\"/>",
                "<axis xyz=\"-1 nan 0\"/>",
                "/robot/joint[finger_base_to_upper_joint_0]/axis/@xyz",
            ),
            ("<axis xyz=\"-1 0 0\"/>", "", "/robot/joint[finger_base_to_upper_joint_0]"),
            ("<child link=\"finger_lower_link_240\"/>", "<child link=\"nothing\"/>", "/robot"),
            (
                "name=\"finger_lower_to_tip_joint_0\" type=\"fixed\"",
                "name=\"finger_lower_to_tip_joint_0\" type=\"prismatic\"",
                "/robot/joint[finger_lower_to_tip_joint_0]/@type",
            ),
            (
                "<parent link=\"finger_lower_link_0\"/>",
                "<parent link=\"finger_upper_link_0\"/>",
                "/robot/link[finger_upper_link_0]",
            ),
        ];
        for (from, to, expected) in cases {
            assert!(URDF.contains(from), "{from}");
            match Description::parse(&URDF.replacen(from, to, 1)) {
                Err(Error::Malformed { path, .. }) => assert_eq!(path, expected),
                other => panic!("{to}: {other:?}"),
            }
        }
    }
}
