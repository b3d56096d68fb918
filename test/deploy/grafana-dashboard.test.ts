import { readFile } from 'node:fs/promises';
import { expect } from 'chai';
import { type Exposed, namesIn, readExposition } from '../support/exposition.ts';
import { startTestService } from '../support/service.ts';

interface Panel {
  id: number;
  type: string;
  title: string;
  gridPos: { h: number; w: number; x: number; y: number };
  datasource?: { type: string; uid: string };
  targets?: { refId: string; expr: string; datasource: { uid: string } }[];
}

interface Dashboard {
  uid: string;
  title: string;
  schemaVersion: number;
  templating: { list: { name: string; type: string; definition?: string }[] };
  panels: Panel[];
}

const METRIC = /\b(?:delivery_rooms|nodejs|process)_[a-z_]+\b/g;
const LABELS = /by \(([^)]*)\)|([a-z_]+)(?:=~|!=|=)"/g;

describe('the dashboard for Grafana', () => {
  let dashboard: Dashboard;
  let exposed: Exposed;
  let text: string;

  before(async () => {
    dashboard = JSON.parse(
      await readFile(new URL('../../deploy/grafana-dashboard.json', import.meta.url), 'utf8'),
    ) as Dashboard;
    const { service, stop } = await startTestService();
    try {
      text = await (await fetch(`${service.url}/metrics`)).text();
      exposed = readExposition(text);
    } finally {
      await stop();
    }
  });

  const expressions = () => [
    ...dashboard.panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr)),
    ...dashboard.templating.list.map(({ definition = '' }) => definition),
  ];

  it('asks for no metric that is not there, and leaves out none of the service', () => {
    const asked = new Set(expressions().flatMap((expr) => expr.match(METRIC) ?? []));
    const there = namesIn(exposed);
    for (const name of asked) expect(there, name).to.include(name);
    for (const name of exposed.types.keys()) {
      if (!name.startsWith('delivery_rooms_')) continue;
      expect(
        [...asked].some((one) => one === name || one.startsWith(`${name}_`)),
        `${name} is shown`,
      ).to.equal(true);
    }
  });

  it('names no label that is not there', () => {
    const source = [
      'side',
      'transport',
      'outcome',
      'reason',
      'command',
      'state',
      'event',
      'queue',
      'job_name',
      'kind',
      'quantile',
      'le',
    ];
    for (const expr of expressions()) {
      for (const [, by, one] of expr.matchAll(LABELS)) {
        for (const label of (by ?? one ?? '').split(',').map((part) => part.trim()))
          expect([...source, 'instance'], expr).to.include(label);
      }
    }
  });

  it('can be imported: a data source to choose, panels of their own ids that do not lie on each other', () => {
    expect(dashboard).to.include({ uid: 'delivery-rooms', title: 'Delivery Rooms', schemaVersion: 39 });
    expect(dashboard.templating.list.map(({ name, type }) => [name, type])).to.deep.equal([
      ['datasource', 'datasource'],
      ['instance', 'query'],
    ]);
    const { panels } = dashboard;
    expect(new Set(panels.map(({ id }) => id)).size).to.equal(panels.length);
    const taken = new Set<string>();
    for (const { type, title, gridPos, datasource, targets } of panels) {
      expect(['row', 'stat', 'timeseries']).to.include(type);
      expect(title).to.be.a('string').and.not.equal('');
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
          expect(x, title).to.be.lessThan(24);
          expect(taken, title).to.not.include(`${x}/${y}`);
          taken.add(`${x}/${y}`);
        }
      }
      if (type === 'row') continue;
      expect(datasource?.uid, title).to.equal('${datasource}');
      expect(targets?.length, title).to.be.greaterThan(0);
    }
  });
});
