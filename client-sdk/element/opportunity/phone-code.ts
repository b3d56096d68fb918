import type { ReactiveController, ReactiveControllerHost } from 'lit';
import { type Client, RoomError } from '../../index.ts';

/** Asks for a code to a phone, and counts down until the next one can be asked for. */
export class PhoneCode implements ReactiveController {
  readonly #host: ReactiveControllerHost;
  #busy = false;
  #sent: { readonly minutes: number; readonly again: number } | undefined;
  #refusal: RoomError | undefined;
  #ticking: ReturnType<typeof setInterval> | undefined;

  constructor(host: ReactiveControllerHost) {
    this.#host = host;
    host.addController(this);
  }

  hostDisconnected(): void {
    clearInterval(this.#ticking);
  }

  get busy(): boolean {
    return this.#busy;
  }

  /** For how many minutes the code that was sent holds. */
  get minutes(): number | undefined {
    return this.#sent?.minutes;
  }

  /** Seconds until the next one can be asked for. */
  get wait(): number {
    return this.#sent === undefined ? 0 : Math.max(0, Math.ceil((this.#sent.again - Date.now()) / 1000));
  }

  get refusal(): RoomError | undefined {
    return this.#refusal;
  }

  clear(): void {
    clearInterval(this.#ticking);
    this.#sent = undefined;
    this.#refusal = undefined;
    this.#host.requestUpdate();
  }

  /** Answers whether one was sent. */
  async send(client: Client, phone: string): Promise<boolean> {
    if (this.#busy) return false;
    this.#busy = true;
    this.#refusal = undefined;
    this.#host.requestUpdate();
    try {
      const { expiresAt, resendAfterMs } = await client.call('phone.sendCode', { phone });
      // Codes are on the real clock, as the reader's is.
      const minutes = Math.max(1, Math.round((Date.parse(expiresAt) - Date.now()) / 60_000));
      this.#sent = { minutes, again: Date.now() + resendAfterMs };
      this.#count();
      return true;
    } catch (fault) {
      if (!(fault instanceof RoomError)) throw fault;
      this.#refusal = fault;
      if (fault.retryAfterMs !== undefined) {
        this.#sent = { minutes: this.#sent?.minutes ?? 0, again: Date.now() + fault.retryAfterMs };
        this.#count();
      }
      return false;
    } finally {
      this.#busy = false;
      this.#host.requestUpdate();
    }
  }

  #count(): void {
    clearInterval(this.#ticking);
    this.#ticking = setInterval(() => {
      if (this.wait === 0) clearInterval(this.#ticking);
      this.#host.requestUpdate();
    }, 1000);
  }
}
