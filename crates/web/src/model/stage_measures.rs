//! Where things stand in the picture, for each of its three forms. Picture units: one is a pixel at
//! the size the form is drawn for.

use crate::model::axis::AxisSpec;
use crate::model::lanes::{LaneStyle, LanesRoom};
use crate::model::tree::TreeRoom;

/// The three forms of the stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StageForm {
    /// The page on a screen: everything.
    Full,
    /// A frame in another page: no tree, the descent in one line.
    Embed,
    /// A phone: sections under each other.
    Phone,
}

/// Measures of a form.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measures {
    /// Size of the picture with the axis.
    pub size: (f32, f32),
    /// The axis.
    pub axis: AxisSpec,
    /// Top and height of the file strip.
    pub strip: (f32, f32),
    /// The tree, where there is one.
    pub tree: Option<TreeRoom>,
    /// How lanes are drawn.
    pub lanes: LaneStyle,
    /// Where the lanes begin, in the forms without a tree.
    pub lanes_top: f32,
    /// Lowest end of the lanes.
    pub lanes_bottom: f32,
    /// Right limit of the lanes' notes.
    pub right: f32,
    /// Whether the page tables stand there as tables.
    pub has_tables: bool,
}

/// Where the page tables stand.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TablesAt {
    /// Left edge of each upper table.
    pub columns: &'static [f32],
    /// Their width.
    pub width: f32,
    /// Their top and height.
    pub rows: (f32, f32),
    /// Left and top edge of the leaf table.
    pub leaf: (f32, f32),
    /// Width and height of a slot.
    pub slot: (f32, f32),
    /// Where the thread comes up beside the lanes.
    pub riser: f32,
    /// Middle of the tag that names the entry.
    pub tag: f32,
}

/// Gap between tree and lanes.
const TREE_GAP: f32 = 29.0;
/// Below the words beside the tree.
const LANES_MIN: f32 = 176.0;

impl StageForm {
    /// The form's measures.
    #[must_use]
    pub const fn measures(self) -> Measures {
        match self {
            StageForm::Full => FULL,
            StageForm::Embed => EMBED,
            StageForm::Phone => PHONE,
        }
    }
}

/// The same with five levels: what is right of the upper tables stays where it is.
const FIVE_LEVELS: TablesAt =
    TablesAt { columns: &[634.0, 678.0, 722.0, 766.0], width: 35.0, ..TABLES };

impl TablesAt {
    /// For so many upper tables.
    #[must_use]
    pub const fn of(upper: usize) -> &'static Self {
        if upper > TABLES.columns.len() { &FIVE_LEVELS } else { &TABLES }
    }
}

/// The tables of the full form.
pub const TABLES: TablesAt = TablesAt {
    columns: &[640.0, 700.0, 760.0],
    width: 41.0,
    rows: (56.5, 160.0),
    leaf: (820.0, 46.75),
    slot: (9.6, 10.75),
    riser: 616.0,
    tag: 231.0,
};

const FULL: Measures = Measures {
    size: (1136.0, 556.0),
    axis: AxisSpec {
        x: 108.0,
        width: 480.0,
        cell_max: 36.0,
        cell_min: 11.0,
        cell_broken: 15.0,
        skip: 30.0,
    },
    strip: (52.5, 20.0),
    tree: Some(TreeRoom {
        top: 122.0,
        height: 150.0,
        pitch_max: 34.0,
        pitch_min: 16.0,
        right: 600.0,
    }),
    lanes: LaneStyle::Processes,
    lanes_top: 0.0,
    lanes_bottom: 546.0,
    right: 608.0,
    has_tables: true,
};

/// Where the thread of the embedded form comes up.
pub const EMBED_RISER: f32 = 402.0;
/// Left end and middle of its first tag.
pub const EMBED_TAG: (f32, f32) = (420.0, 31.0);

const EMBED: Measures = Measures {
    size: (692.0, 228.0),
    axis: AxisSpec {
        x: 34.0,
        width: 348.0,
        cell_max: 28.0,
        cell_min: 8.0,
        cell_broken: 12.0,
        skip: 30.0,
    },
    strip: (24.5, 16.0),
    tree: None,
    lanes: LaneStyle::Column,
    lanes_top: 54.0,
    lanes_bottom: 226.0,
    right: 392.0,
    has_tables: false,
};

const PHONE: Measures = Measures {
    size: (343.0, 158.0),
    axis: AxisSpec {
        x: 0.0,
        width: 343.0,
        cell_max: 28.0,
        cell_min: 8.0,
        cell_broken: 12.0,
        skip: 30.0,
    },
    strip: (22.5, 18.0),
    tree: None,
    lanes: LaneStyle::Beside,
    lanes_top: 49.5,
    lanes_bottom: 330.0,
    right: 343.0,
    has_tables: false,
};

impl Measures {
    /// Room for the lanes below a tree that ends at `tree_bottom`, if there is one.
    #[must_use]
    pub fn lanes_room(&self, tree_bottom: Option<f32>) -> LanesRoom {
        let top = tree_bottom.map_or(self.lanes_top, |bottom| (bottom + TREE_GAP).max(LANES_MIN));
        let height = self.lanes_bottom - top;
        LanesRoom { style: self.lanes, top, height, right: self.right }
    }
}
