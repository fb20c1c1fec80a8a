import { connect } from "node:net";

/** Whether a connection to a host can be made. False when the signal aborts first. */
export function reachable({ protocol, hostname, port }: URL, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(
      Number(port || (protocol === "https:" ? 443 : 80)),
      hostname.replace(/^\[|\]$/g, ""),
    );
    const end = (yes: boolean) => {
      signal.removeEventListener("abort", stop);
      socket.destroy();
      resolve(yes);
    };
    const stop = () => end(false);
    signal.addEventListener("abort", stop);
    socket.once("connect", () => end(true));
    socket.once("error", stop);
    if (signal.aborted) stop();
  });
}
