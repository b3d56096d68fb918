import { expect } from 'chai';
import { type Frame, Frames, isFrame, readFrame } from '../../../server/cluster/frames.ts';
import { newServerId } from '../../../server/cluster/names.ts';
import { Packet } from '../../../server/live/packet.ts';

describe('what servers say to each other', () => {
  const from = newServerId();
  const frames = new Frames(from);
  const packet = Packet.of('receipt', { roomId: 'r', stream: 'public', userId: '\u{8bbe}\u{8ba1}\n', seq: 1 });
  const told = { seq: 7, tally: 6, author: 'a "quoted"\u{8ba1}', ownTally: 3, holder: undefined };
  const person = { userId: 'u', name: 'U', side: 'provider' as const, org: 'studio', roles: ['designer' as const] };

  const said: [string, string, Frame][] = [
    [
      'an entry',
      frames.entry(told, true, packet.text, packet.bytes),
      { from, kind: 'entry', told, recalls: true, packet: Buffer.from(packet.text) },
    ],
    [
      'an entry of a stream that was handed over',
      frames.entry({ ...told, holder: 'studio' }, false, packet.text, packet.bytes),
      { from, kind: 'entry', told: { ...told, holder: 'studio' }, recalls: false, packet: Buffer.from(packet.text) },
    ],
    ...(['everybody', 'who knows the buyer'] as const).map((to): [string, string, Frame] => [
      `an event for ${to}`,
      frames.event(to, packet.text, packet.bytes),
      { from, kind: 'event', to, packet: Buffer.from(packet.text) },
    ]),
    [
      'typing',
      frames.typing({ side: 'buyer', userId: 'u' }, true),
      { from, kind: 'typing', typist: { side: 'buyer', userId: 'u' }, typing: true },
    ],
    [
      'who comes and goes',
      frames.moves(3, 9, [{ person, here: true }]),
      { from, kind: 'moves', before: 3, now: 9, moves: [{ person, here: true }] },
    ],
    ['a changed room', frames.changed(4), { from, kind: 'changed', version: 4 }],
    [
      'news',
      frames.news({ roomId: 'r', stream: 'public', seq: 2, recalls: false, version: 3 }),
      { from, kind: 'news', roomId: 'r', stream: 'public', seq: 2, recalls: false, version: 3 },
    ],
    ['a wake-up call', frames.wake(), { from, kind: 'wake' }],
    ['that all is said anew', frames.renewed(), { from, kind: 'renewed' }],
  ];
  for (const [what, message, meant] of said) {
    it(`is read as it was meant: ${what}`, () => {
      expect(isFrame(Buffer.from(message))).to.equal(true);
      expect(readFrame(Buffer.from(message))).to.deep.equal(meant);
    });

    it(`is refused whole when a part is missing: ${what}`, () => {
      const whole = Buffer.from(message);
      for (let length = 0; length < whole.length; length++)
        expect(() => readFrame(whole.subarray(0, length)), `${length} bytes`).to.throw();
    });
  }

  it('is passed on as the very bytes that were sent', () => {
    const frame = readFrame(Buffer.from(frames.event('everybody', packet.text, packet.bytes)));
    if (frame.kind !== 'event') throw new Error('not an event');
    const received = Packet.received(frame.packet);
    expect(received.frame).to.deep.equal(packet.frame);
    expect(received.text).to.equal(packet.text);
    expect(received.bytes).to.equal(packet.bytes);
  });
});
