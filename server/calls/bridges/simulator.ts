import type { CallOutcome, CarrierWord } from '../../../shared/model/call/call.ts';
import type { Clock } from '../../clock.ts';
import type { PhoneNumber } from '../../numbers/phone-number.ts';
import {
  type BridgeEvent,
  type CallBridge,
  CallbackRefused,
  type CallbackRead,
  CallFailed,
  type CallToPlace,
  type Placed,
  type Recording,
} from './call-bridge.ts';

export interface SimulatorParts {
  /** By which phones ring and people talk. */
  readonly clock: Pick<Clock, 'after'>;
  /** Told what happens, as a carrier's callbacks would tell it. */
  readonly tell: (event: BridgeEvent) => void;
  readonly record?: boolean;
}

interface Scene {
  /** Milliseconds after the one before. */
  readonly after: number;
  readonly word: CarrierWord;
}

const RINGING: readonly Scene[] = [
  { after: 1000, word: { type: 'ringing', leg: 'caller' } },
  { after: 3000, word: { type: 'ringing', leg: 'callee' } },
];
const TALK_MS = 30_000;

const ending = (after: number, outcome: CallOutcome): Scene => ({ after, word: { type: 'ended', ...outcome } });

/** What a call comes to, by the callee's last digit: so a demonstration can show every end. */
function scenesOf(callee: PhoneNumber, maxSeconds: number): readonly Scene[] {
  switch (callee.reveal().at(-1)) {
    case '6':
      return [ending(1000, { state: 'failed', reason: 'carrier_refused' })];
    case '7':
      return [...RINGING, ending(2000, { state: 'busy', reason: 'callee_busy' })];
    case '8':
      return [...RINGING, ending(30_000, { state: 'no_answer', reason: 'callee_no_answer' })];
    case '9':
      return [...RINGING, ending(2000, { state: 'failed', reason: 'callee_unreachable' })];
    default: {
      const durationMs = Math.min(TALK_MS, maxSeconds * 1000);
      return [
        ...RINGING,
        { after: 3000, word: { type: 'connected' } },
        ending(durationMs, { state: 'completed', durationMs }),
      ];
    }
  }
}

/** Calls without phones, for development and demonstrations: they take their time and end as the callee's last digit says. They live in this process. */
export class SimulatorBridge implements CallBridge {
  readonly name = 'simulator';
  readonly callerDials = false;
  readonly endsByName = false;
  readonly #parts: SimulatorParts;
  /** What takes back the next scene of each call. */
  readonly #running = new Map<string, () => void>();

  constructor(parts: SimulatorParts) {
    this.#parts = parts;
  }

  place({ callId, callee, maxSeconds }: CallToPlace): Promise<Placed> {
    this.#play(callId, scenesOf(callee, maxSeconds));
    return Promise.resolve({ carrierId: `sim-${callId}` });
  }

  #play(callId: string, [scene, ...rest]: readonly Scene[]): void {
    if (scene === undefined) {
      this.#running.delete(callId);
      return;
    }
    const { clock, tell, record = false } = this.#parts;
    const takeBack = clock.after(scene.after, () => {
      this.#play(callId, rest);
      tell({ callId, word: scene.word });
      const talked = scene.word.type === 'ended' && scene.word.state === 'completed';
      if (talked && record) tell({ callId, recording: `sim-${callId}` });
    });
    this.#running.set(callId, takeBack);
  }

  cancel(callId: string): Promise<void> {
    const takeBack = this.#running.get(callId);
    if (takeBack !== undefined) {
      takeBack();
      this.#running.delete(callId);
      this.#parts.tell({ callId, word: { type: 'ended', state: 'cancelled' } });
    }
    return Promise.resolve();
  }

  read(): CallbackRead {
    throw new CallbackRefused(403, 'the simulator has no carrier that could tell anything');
  }

  /** A second of silence. */
  recording(reference: string): Promise<Recording> {
    if (!reference.startsWith('sim-'))
      return Promise.reject(new CallFailed('carrier_refused', 'not the name of a recording'));
    return Promise.resolve({ type: 'audio/wav', bytes: silence() });
  }

  stop(): void {
    for (const takeBack of this.#running.values()) takeBack();
    this.#running.clear();
  }
}

/** 8-bit mono WAV, in one piece. */
async function* silence(): AsyncGenerator<Uint8Array> {
  const rate = 8000;
  const head = Buffer.alloc(44);
  head.write('RIFF', 0);
  head.writeUInt32LE(36 + rate, 4);
  head.write('WAVEfmt ', 8);
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(1, 22);
  head.writeUInt32LE(rate, 24);
  head.writeUInt32LE(rate, 28);
  head.writeUInt16LE(1, 32);
  head.writeUInt16LE(8, 34);
  head.write('data', 36);
  head.writeUInt32LE(rate, 40);
  yield Buffer.concat([head, Buffer.alloc(rate, 128)]);
}
