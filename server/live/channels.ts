/** A Socket.IO room for each stream: whoever joined it gets the stream's events. Room ids hold no slash. */
export const channelOf = (roomId: string, stream: string): string => `${roomId}/${stream}`;

export function parseChannel(channel: string): { roomId: string; stream: string } | undefined {
  const slash = channel.indexOf('/');
  return slash < 0 ? undefined : { roomId: channel.slice(0, slash), stream: channel.slice(slash + 1) };
}
