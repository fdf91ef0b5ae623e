// A linear index over a grid that folds into two dimensions when it is longer than 65,535 workgroups.
fn linear_index(id: vec3u, groups: vec3u, lane: u32) -> u32 { return (id.y * groups.x + id.x) * 64u + lane; }
