import type { PhoneNumber } from './phone-number.ts';

/** The language of the message around a code. */
export type Language = 'zh-CN' | 'en';

/** Carries codes to phones. */
export interface CodeSender {
  /** Resolves when the message is on its way. @throws when it is not; nothing in the error names the number or the code */
  send(number: PhoneNumber, code: string, language: Language): Promise<void>;
}

/** Sends nothing: a developer, or a test, is told the code alone. */
export function codeOutlet(tell: (code: string) => void): CodeSender {
  return {
    send(_number, code) {
      tell(code);
      return Promise.resolve();
    },
  };
}
