/** A signal that aborts some time after the caller's, so that what is nearly done gets done. Call `close` when it is. */
export function delayedAbort(
  signal: AbortSignal | undefined,
  milliseconds: number,
): { signal: AbortSignal; close(): void } {
  const controller = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const abort = () => void (timer ??= setTimeout(() => controller.abort(signal?.reason), milliseconds));
  if (signal?.aborted) abort();
  else signal?.addEventListener("abort", abort, { once: true });
  return {
    signal: controller.signal,
    close() {
      clearTimeout(timer);
      signal?.removeEventListener("abort", abort);
    },
  };
}
