/** One way to log in that a server offers. */
export interface Challenge {
  scheme: "basic" | "bearer";
  params: Map<string, string>;
}

/**
 * Reads a `WWW-Authenticate` header, or several joined by commas, and gives the challenges that can be answered, as they
 * stand. What is broken is left out, with all that follows it.
 */
export function parseChallenges(header: string): Challenge[] {
  const found: { scheme: string; params: Map<string, string> }[] = [];
  // A word, then perhaps `=` and a value: quoted, or (as some send URLs bare) all up to the next comma.
  const item = /[\s,]*([^\s,="]+)(?:[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"[ \t]*(?=,|$)|((?!")[^,]*)))?/y;
  for (let match; (match = item.exec(header));) {
    const [whole, word, quoted, bare] = match as unknown as [string, string, string?, string?];
    if (quoted === undefined && bare === undefined) {
      if (/^[ \t]*=/.test(header.slice(item.lastIndex))) break;
      found.push({ scheme: word.toLowerCase(), params: new Map() });
    } else {
      const value = quoted === undefined ? bare!.trim() : quoted.replace(/\\(.)/g, "$1");
      if (value) found.at(-1)?.params.set(word.toLowerCase(), value);
    }
    if (whole.length === 0) break;
  }
  return found.filter((c): c is Challenge => c.scheme === "basic" || c.scheme === "bearer");
}

/** The challenge to answer: Bearer before Basic. */
export function chooseChallenge(header: string | null): Challenge | undefined {
  const challenges = parseChallenges(header ?? "");
  return challenges.find((c) => c.scheme === "bearer") ?? challenges[0];
}
