//! Time on the page: playback and everything that waits a moment. It never asks a clock; it is told
//! how much time has passed.

/// Longest stretch of time that playback makes up for, in milliseconds: a page put aside does not
/// race on return.
const GAP_MAX: f64 = 250.0;
/// With reduced motion the picture changes this rarely while playing, in milliseconds.
const CALM_BEAT: f64 = 250.0;
/// Fastest speed, as a power of two: 4096 steps a second.
const SPEED_MAX: u32 = 12;

/// How much may move on the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Motion {
    /// As designed.
    Full,
    /// As little as possible.
    Reduced,
}

/// Playback: running or not, and how fast.
#[derive(Clone, Debug, PartialEq)]
pub struct Playback {
    playing: bool,
    /// log2 of the steps a second.
    speed: u32,
    /// Milliseconds that have not become steps yet.
    carry: f64,
}

impl Default for Playback {
    fn default() -> Self {
        Self { playing: false, speed: 2, carry: 0.0 }
    }
}

impl Playback {
    /// True while it runs.
    #[must_use]
    pub fn is_playing(&self) -> bool {
        self.playing
    }

    /// Steps a second.
    #[must_use]
    pub fn steps_a_second(&self) -> u32 {
        1 << self.speed
    }

    /// Starts or stops. The first step comes at once.
    pub fn set(&mut self, playing: bool) {
        self.playing = playing;
        self.carry = 1000.0 / f64::from(self.steps_a_second());
    }

    /// Doubles the speed.
    pub fn faster(&mut self) {
        self.speed = (self.speed + 1).min(SPEED_MAX);
    }

    /// Halves the speed.
    pub fn slower(&mut self) {
        self.speed = self.speed.saturating_sub(1);
    }

    /// How many steps to go now that `elapsed` milliseconds more have passed.
    pub fn tick(&mut self, elapsed: f64, motion: Motion) -> u32 {
        if !self.playing {
            return 0;
        }
        let step = 1000.0 / f64::from(self.steps_a_second());
        let beat = match motion {
            Motion::Full => step,
            Motion::Reduced => step.max(CALM_BEAT),
        };
        self.carry += elapsed.clamp(0.0, GAP_MAX);
        if self.carry < beat {
            return 0;
        }
        let mut steps = 0;
        while self.carry >= step {
            self.carry -= step;
            steps += 1;
        }
        steps
    }
}

/// Something that happens a moment after it was last asked for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Delay(Option<f64>);

impl Delay {
    /// Asks for it in `after` milliseconds from now on.
    pub fn ask(&mut self, after: f64) {
        self.0 = Some(after);
    }

    /// Forgets it.
    pub fn cancel(&mut self) {
        self.0 = None;
    }

    /// True while it is to come.
    #[must_use]
    pub fn is_pending(&self) -> bool {
        self.0.is_some()
    }

    /// True once, when its time has come.
    pub fn tick(&mut self, elapsed: f64) -> bool {
        let Some(left) = self.0 else { return false };
        self.0 = Some(left - elapsed).filter(|left| *left > 0.0);
        self.0.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn playing_goes_at_its_speed() {
        let mut playback = Playback::default();
        playback.set(true);
        let first = playback.tick(0.0, Motion::Full);
        let steps: u32 = (0..100).map(|_| playback.tick(10.0, Motion::Full)).sum();
        assert_eq!((first, steps), (1, 4));
    }

    #[test]
    fn reduced_motion_goes_as_far_in_fewer_jumps() {
        let mut playback = Playback::default();
        (0..4).for_each(|_| playback.faster());
        playback.set(true);
        let jumps: Vec<u32> = (0..101).map(|_| playback.tick(10.0, Motion::Reduced)).collect();
        assert_eq!(jumps.iter().sum::<u32>(), 64);
        assert!(jumps.iter().filter(|steps| **steps > 0).count() <= 5);
    }

    #[test]
    fn a_page_put_aside_does_not_race() {
        let mut playback = Playback::default();
        playback.set(true);
        assert!(playback.tick(3_600_000.0, Motion::Full) <= 2);
    }

    #[test]
    fn a_delay_comes_once_after_the_last_request() {
        let mut delay = Delay::default();
        delay.ask(150.0);
        assert!(!delay.tick(100.0));
        delay.ask(150.0);
        assert!(!delay.tick(100.0));
        assert!(delay.tick(60.0));
        assert!(!delay.tick(1000.0));
    }
}
