import { FILES_PATH } from '../../shared/contract/file-route.ts';
import { iso } from '../clock.ts';
import type { Handlers } from '../registry/call.ts';
import type { FileLinks } from './file-links.ts';
import type { FileStore } from './file-store.ts';

export interface FileCommandParts {
  files: Pick<FileStore, 'require'>;
  links: FileLinks;
}

export function fileCommands({ files, links }: FileCommandParts): Pick<Handlers, 'file.link'> {
  return {
    async 'file.link'({ fileId }, { caller }) {
      await files.require(caller, fileId);
      const { link, expiresAt } = links.sign(caller, fileId);
      return { url: `${FILES_PATH}/${fileId}?link=${link}`, expiresAt: iso(expiresAt) };
    },
  };
}
