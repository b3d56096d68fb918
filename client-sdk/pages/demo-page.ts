import '../element/define.ts';
import { PortalPage } from './portal-page.ts';

customElements.define('portal-page', PortalPage);
