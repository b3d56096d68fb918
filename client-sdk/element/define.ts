import { CallBar } from './call/call-bar.ts';
import { CallDialog } from './call/call-dialog.ts';
import { ConnectionBanner } from './connection-banner.ts';
import { DeliveryRoom } from './delivery-room.ts';
import { ActDialog } from './flow/act-dialog.ts';
import { CurrentStep } from './flow/current-step.ts';
import { DemandView } from './flow/demand-view.ts';
import { DeliveryRoomQueue } from './flow/queue-list.ts';
import { DeskList } from './opportunity/desk-list.ts';
import { OpportunityAct } from './opportunity/opportunity-act.ts';
import { OpportunityBar } from './opportunity/opportunity-bar.ts';
import { PlazaList } from './opportunity/plaza-list.ts';
import { ProposalEditor } from './opportunity/proposal-editor.ts';
import { ProposalTable } from './opportunity/proposal-table.ts';
import { PublishForm } from './opportunity/publish-form.ts';
import { DeliveryRoomList } from './room-list.ts';
import { RoomComposer } from './room-composer.ts';
import { RoomTimeline } from './room-timeline.ts';

/** Makes the elements known to the page. A name that is taken already, by another copy of this script, is left as it is. */
function define(name: string, element: CustomElementConstructor): void {
  if (customElements.get(name) === undefined) customElements.define(name, element);
}

define('delivery-room-connection', ConnectionBanner);
define('delivery-room-timeline', RoomTimeline);
define('delivery-room-composer', RoomComposer);
define('delivery-room-calls', CallBar);
define('delivery-room-call', CallDialog);
define('delivery-room-step', CurrentStep);
define('delivery-room-act', ActDialog);
define('delivery-room-demand', DemandView);
define('delivery-room-opportunity', OpportunityBar);
define('delivery-room-opportunity-act', OpportunityAct);
define('delivery-room-proposals', ProposalTable);
define('delivery-room-propose', ProposalEditor);
define('delivery-room', DeliveryRoom);
define('delivery-room-list', DeliveryRoomList);
define('delivery-room-queue', DeliveryRoomQueue);
define('delivery-room-desks', DeskList);
define('delivery-room-plaza', PlazaList);
define('delivery-room-publish', PublishForm);
