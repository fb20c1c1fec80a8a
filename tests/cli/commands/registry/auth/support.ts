import { type Ran, type RegistryFixture, start, withRegistry } from "../../../gantry.ts";

/** The one who may use the registry. */
export const me = { username: "me", password: "p:ä" };
const basic = `Basic ${Buffer.from(`${me.username}:${me.password}`).toString("base64")}`;

/** A registry that wants a name and a password. */
export interface Guarded extends RegistryFixture {
  /** Runs the command with more variables, or with something on its standard input. */
  run: (args: string[], more?: { env?: Record<string, string>; input?: string }) => Promise<Ran>;
}

export function withGuardedRegistry(work: (fixture: Guarded) => Promise<void>): Promise<void> {
  return withRegistry(async (fixture) => {
    const { directory } = fixture;
    await work({ ...fixture, run: (args, more) => start(args, { directory, ...more }).ended });
  }, async (request, next) => {
    if (request.headers.get("authorization") === basic) {
      return new URL(request.url).pathname === "/v2/" ? new Response("{}") : await next(request);
    }
    const headers = { "www-authenticate": 'Basic realm="tests"' };
    return new Response('{"errors":[{"code":"UNAUTHORIZED","message":"log in"}]}', { status: 401, headers });
  });
}
