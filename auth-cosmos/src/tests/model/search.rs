//! Every order of the steps of a few actors, breadth first: what is found is found on the shortest way.
use super::{actor::*, database::*, job::*};
use std::{
    collections::HashSet,
    hash::{BuildHasherDefault, Hasher},
};

pub const ACTORS: usize = 3;

/// What a search begins with.
#[derive(Clone, Copy, Debug)]
pub struct Scene {
    pub database: Database,
    pub jobs: [Job; ACTORS],
    /// So many writes are done without an answer. The SDK asks again, and is told that somebody was faster.
    pub unheard: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct World {
    database: Database,
    actors: [Actor; ACTORS],
    unheard: u8,
    /// Whose commit was done.
    committed: [bool; ACTORS],
    /// Who had the name, nobody included, since an actor began to look.
    had: [u8; ACTORS],
}

pub struct Search {
    roles: [Role; ACTORS],
    /// Each with the number of the one that it came from, and that of whoever acted.
    worlds: Vec<(World, usize, usize)>,
    seen: Set<World>,
    left: Set<Database>,
}

impl Search {
    /// The number of the states, in each of which the rules hold; or the way to one in which they do not.
    pub fn run(scene: Scene, fault: Fault) -> Result<usize, String> {
        let roles = [0, 1, 2].map(|op| Role { job: scene.jobs[usize::from(op)], op, fault });
        let mut first = World {
            database: scene.database,
            actors: roles.map(Actor::new),
            unheard: scene.unheard,
            committed: [false; ACTORS],
            had: [0; ACTORS],
        };
        let mut search = Self { roles, worlds: Vec::new(), seen: Set::default(), left: Set::default() };
        search.settle(&mut first);
        search.visit(first, 0, 0);
        let mut number = 0;
        while let Some((mut world, ..)) = search.worlds.get(number).copied() {
            search.judge(&mut world).map_err(|broken| search.way(number, broken))?;
            for actor in 0..ACTORS {
                search.act(&world, actor, number);
            }
            number += 1;
        }
        Ok(number)
    }

    fn visit(&mut self, world: World, from: usize, actor: usize) {
        if self.seen.insert(world) {
            self.worlds.push((world, from, actor));
        }
    }

    /// All that may come of an actor's next step.
    fn act(&mut self, world: &World, number: usize, from: usize) {
        let actor = world.actors[number];
        if let At::Ended(_) = actor.at {
            return;
        }
        let mut next = *world;
        let mut actors = actor.step(self.roles[number], &mut next.database);
        let written = next.database != world.database;
        next.committed[number] |= written && actor.at == At::Commit;
        if written && world.unheard > 0 {
            let mut unheard = World { unheard: world.unheard - 1, ..next };
            self.settle(&mut unheard);
            self.visit(unheard, from, number);
        }
        while let Some(actor) = actors.pop() {
            let mut next = next;
            next.actors[number] = actor;
            self.settle(&mut next);
            self.visit(next, from, number);
        }
    }

    fn settle(&self, world: &mut World) {
        for (number, role) in self.roles.into_iter().enumerate() {
            let actor = &mut world.actors[number];
            actor.settle(role, &mut world.database);
            if let Job::Look(name) = role.job {
                let has = 1 << world.database.owners(name).next().unwrap_or(USERS);
                let before = if actor.at == At::ReadReservation(name) { 0 } else { world.had[number] };
                world.had[number] = before | has;
            }
        }
        world.database.settle();
    }

    fn judge(&mut self, world: &mut World) -> Result<(), String> {
        let database = &mut world.database;
        for name in 0..NAMES {
            let owners: Vec<User> = database.owners(name).collect();
            let reserved = database.reserved(name);
            if owners.len() > 1 {
                return Err(format!("name {name} has two owners, {owners:?}"));
            }
            if owners.first().is_some_and(|owner| reserved != Some(*owner)) {
                return Err(format!("name {name} of {owners:?} is reserved for {reserved:?}"));
            }
        }
        for (number, role) in self.roles.into_iter().enumerate() {
            let (actor, committed) = (world.actors[number], world.committed[number]);
            let relies_on = actor.relies_on(role, database);
            match (actor.at, role.job) {
                (At::Ended(End::Found(owner)), _) if world.had[number] & 1 << owner.unwrap_or(USERS) == 0 => {
                    return Err(format!("{number} found {owner:?}, and that was never so"));
                }
                (At::Ended(end), Job::Register(..) | Job::Rename(..) | Job::Delete(_))
                    if (end == End::Done) != committed =>
                {
                    return Err(format!("{number} is told {end:?}, but that it has committed is {committed}"));
                }
                // The reason for all that is above; where a fault is planted, the harm itself is looked for.
                (_, Job::Register(user, _) | Job::Rename(user, _)) if role.fault == Fault::None => {
                    if let Some(name) = (0..NAMES).find(|n| relies_on.has(*n) && database.reserved(*n) != Some(user)) {
                        return Err(format!("{number} can commit to name {name}, and has it not"));
                    }
                }
                _ => {}
            }
        }
        if self.left.insert(*database) {
            let mut free = (0..NAMES).filter(|name| database.owners(*name).next().is_none());
            free.try_for_each(|name| gets(*database, name))?;
        }
        Ok(())
    }

    fn way(&self, mut number: usize, broken: String) -> String {
        let mut way = vec![broken];
        while number != 0 {
            let (after, from, actor) = &self.worlds[number];
            let before = &self.worlds[*from].0;
            let heard = if after.unheard == before.unheard { "" } else { ", unheard" };
            way.insert(1, format!("{actor} {:?}: {:?}{heard}", self.roles[*actor].job, before.actors[*actor].at));
            number = *from;
        }
        way.join("\n")
    }
}

/// If all others stop here, whoever comes next gets a name that nobody has.
fn gets(mut database: Database, name: Name) -> Result<(), String> {
    let user = USERS - 1;
    let role = Role { job: Job::Register(user, Names::of(&[name])), op: 7, fault: Fault::None };
    let mut actor = Actor::new(role);
    for _ in 0..12 {
        actor = actor.step(role, &mut database).pop().expect("it waits for nobody");
        actor.settle(role, &mut database);
        database.settle();
        if let At::Ended(end) = actor.at {
            let right = end == End::Done && database.owners(name).eq([user]);
            return if right {
                Ok(())
            } else {
                Err(format!("whoever comes next is told {end:?} of the free name {name}"))
            };
        }
    }
    Err(format!("whoever comes next asks without end for the free name {name}"))
}

/// With a hash that is quick in an unoptimised build.
type Set<T> = HashSet<T, BuildHasherDefault<Quick>>;

#[derive(Default)]
struct Quick(u64);

impl Hasher for Quick {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u8(*byte);
        }
    }

    fn write_u8(&mut self, number: u8) {
        self.0 = (self.0 ^ u64::from(number)).wrapping_mul(0x517C_C1B7_2722_0A95);
    }

    fn write_isize(&mut self, number: isize) {
        self.0 = (self.0 ^ number.unsigned_abs() as u64).wrapping_mul(0x517C_C1B7_2722_0A95);
    }

    fn finish(&self) -> u64 {
        self.0.rotate_left(26)
    }
}
