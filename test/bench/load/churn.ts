import { callOn, Group, type Seat } from './group.ts';
import { Listener } from './listener.ts';

/** One in so many polls. */
const POLLS_EVERY = 50;

export interface Churn {
  url: string;
  seats: readonly Seat[];
  /** Connections at a time. */
  atOnce: number;
}

/** Each seat connects, joins its room, leaves it and goes: every second one without a word. */
export async function churn({ url, seats, atOnce }: Churn): Promise<{ done: number }> {
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let i = next++, seat = seats[i]; seat !== undefined; i = next++, seat = seats[i]) {
      if (i % POLLS_EVERY === 0) await poll(url, seat);
      else {
        const listener = await Listener.open(url, seat, ignore, ignore);
        // Who goes without having left has left all the same.
        if (i % 3 !== 0) await listener.leave();
        listener.close(i % 2 === 0 ? 'politely' : 'abruptly');
      }
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return { done: seats.length };
}

const ignore = (): void => undefined;

async function poll(url: string, seat: Seat): Promise<void> {
  const group = new Group(url);
  try {
    const { socket } = await group.connect(seat, undefined, 'polling');
    for (const roomId of seat.rooms) {
      await callOn(socket, 'room.join', { roomId, limit: 1 });
      await callOn(socket, 'room.leave', { roomId });
    }
  } finally {
    group.close();
  }
}
