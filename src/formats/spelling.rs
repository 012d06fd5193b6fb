//! What somebody may have meant who wrote a name that nobody knows.

/// The name nearest to what was asked for, where one is near: at most two letters off, and fewer than half of them.
pub fn nearest<'n>(asked: &str, names: &[&'n str]) -> Option<&'n str> {
    let near = names.iter().map(|name| (distance(asked, name), *name)).min()?;
    Some(near).filter(|(steps, name)| *steps <= 2 && *steps < name.len() / 2 + 1).map(|(_, name)| name)
}

/// How many letters must be changed, added, removed or swapped with their neighbour (optimal string alignment).
/// Names are short, and so is what is compared: at most 32 bytes.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<u8>, Vec<u8>) = (a.bytes().take(32).collect(), b.bytes().take(32).collect());
    let mut rows: Vec<Vec<usize>> = vec![(0..=b.len()).collect()];
    let cell = |rows: &[Vec<usize>], i: usize, j: usize| rows.get(i).and_then(|row| row.get(j)).copied();
    for (i, x) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let far = usize::MAX - 1;
            let changed = cell(&rows, i, j).unwrap_or(far).saturating_add(usize::from(x != y));
            let removed = cell(&rows, i, j + 1).unwrap_or(far).saturating_add(1);
            let added = row.last().copied().unwrap_or(far).saturating_add(1);
            let turned = i > 0 && j > 0 && a.get(i - 1) == Some(y) && b.get(j - 1) == Some(x);
            let swapped =
                if turned { cell(&rows, i - 1, j - 1).unwrap_or(far).saturating_add(1) } else { far };
            row.push(changed.min(removed).min(added).min(swapped));
        }
        rows.push(row);
    }
    cell(&rows, a.len(), b.len()).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances() {
        for (a, b, steps) in
            [("", "", 0), ("", "abc", 3), ("squid", "sqiud", 1), ("ngnix", "nginx", 1), ("iis", "squid", 4)]
        {
            assert_eq!(distance(a, b), steps, "{a} {b}");
        }
    }

    #[test]
    fn near_is_near_enough() {
        let names = ["squid", "nginx", "ecs"];
        for (asked, expected) in [
            ("sqiud", Some("squid")),
            ("nginxx", Some("nginx")),
            ("ecr", Some("ecs")),
            ("abc", None),
            ("", None),
        ] {
            assert_eq!(nearest(asked, &names), expected, "{asked}");
        }
    }
}
