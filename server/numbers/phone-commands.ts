import { iso } from '../clock.ts';
import type { Handlers } from '../registry/call.ts';
import type { PhoneCodes } from './phone-codes.ts';

export function phoneCommands({ codes }: { codes: PhoneCodes }): Pick<Handlers, 'phone.sendCode'> {
  return {
    async 'phone.sendCode'({ phone }, { caller }) {
      const { expiresAt, resendAfterMs } = await codes.send(phone, caller);
      return { expiresAt: iso(expiresAt), resendAfterMs };
    },
  };
}
