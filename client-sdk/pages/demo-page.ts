import '../element/define.ts';
import { Checkout } from './checkout.ts';
import { DemoClock } from './demo-clock.ts';
import { PortalPage } from './portal-page.ts';

customElements.define('portal-checkout', Checkout);
customElements.define('demo-clock', DemoClock);
customElements.define('portal-page', PortalPage);
