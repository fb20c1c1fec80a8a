/** What may be done to a repository. */
export type Action = "pull" | "push" | "delete" | "*";

/** The scope of a token for a repository. */
export function repositoryScope(repository: string, ...actions: Action[]): string {
  return mergeScopes([`repository:${repository}:${actions.join(",")}`])[0] ?? "";
}

/** Merges scopes that are about the same thing and sorts their actions. The order of the things is kept: some servers read no further than the first. */
export function mergeScopes(scopes: Iterable<string>): string[] {
  const merged = new Map<string, Set<string>>();
  for (const scope of scopes) {
    const cut = scope.lastIndexOf(":");
    // Not TYPE:NAME:ACTIONS: kept as it is.
    const known = scope.indexOf(":") !== cut;
    const thing = known ? scope.slice(0, cut) : scope;
    const actions = merged.get(thing) ?? new Set();
    for (const action of known ? scope.slice(cut + 1).split(",") : [""]) {
      if (action || !known) actions.add(action);
    }
    if (actions.size > 0) merged.set(thing, actions);
  }
  return [...merged].map(([thing, actions]) => {
    if (actions.has("*")) return `${thing}:*`;
    return actions.has("") ? thing : `${thing}:${[...actions].sort().join(",")}`;
  });
}
