import { expect } from 'chai';
import { Tray } from '../../../../client-sdk/element/flow/tray.ts';
import { RoomError } from '../../../../client-sdk/index.ts';
import { settle } from '../../support/fake-clock.ts';

const file = (name: string): File => new File(['text'], name);
const states = (tray: Tray) => tray.items.map(({ file: { name }, state }) => `${name} ${state}`);

describe('files for an act', () => {
  it('are uploaded one after the other, each with its progress, and named by their ids', async () => {
    const tray = new Tray();
    const finish: (() => void)[] = [];
    tray.add([file('a.pdf'), file('b.pdf')], ({ name, size }, onProgress) => {
      onProgress(0.5);
      return new Promise((resolve) => finish.push(() => resolve({ id: `id ${name}`, name, size, type: 'x/y' })));
    });
    expect(states(tray)).to.deep.equal(['a.pdf uploading', 'b.pdf waiting']);
    expect(tray.items[0]?.part).to.equal(0.5);
    expect(tray.isBusy).to.equal(true);
    finish[0]?.();
    await settle();
    expect(states(tray)).to.deep.equal(['a.pdf there', 'b.pdf uploading']);
    finish[1]?.();
    await settle();
    expect(tray.ids).to.deep.equal(['id a.pdf', 'id b.pdf']);
    expect(tray.isBusy).to.equal(false);
  });

  it('say why one failed, do not hold up the others, and can be tried again or taken out', async () => {
    const tray = new Tray();
    let refuse = true;
    const upload = async ({ name, size }: File) => {
      if (refuse && name === 'a.exe') throw new RoomError('unsupported_type', 'no');
      return { id: name, name, size, type: 'x/y' };
    };
    tray.add([file('a.exe'), file('b.pdf')], upload);
    await settle();
    expect(states(tray)).to.deep.equal(['a.exe failed', 'b.pdf there']);
    expect(tray.items[0]?.error?.code).to.equal('unsupported_type');
    refuse = false;
    tray.retry(tray.items[0]?.key ?? -1, upload);
    await settle();
    expect(tray.ids).to.deep.equal(['a.exe', 'b.pdf']);
    tray.remove(tray.items[0]?.key ?? -1);
    expect(tray.ids).to.deep.equal(['b.pdf']);
  });

  it('are as many as an act may carry', async () => {
    const tray = new Tray();
    const upload = async ({ name }: File) => ({ id: name, name, size: 1, type: '' });
    tray.add(
      Array.from({ length: 12 }, (_, index) => file(`${index}`)),
      upload,
    );
    await settle();
    expect(tray.ids).to.have.length(10);
    tray.add([file('more')], upload);
    expect(tray.items).to.have.length(10);
  });
});
