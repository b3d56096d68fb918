import { svg, type SVGTemplateResult } from 'lit';

const icon = (path: SVGTemplateResult): SVGTemplateResult =>
  svg`<svg viewBox="0 0 16 16" width="16" height="16" fill="none" stroke="currentColor" stroke-width="1.6" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">${path}</svg>`;

export const clockIcon = icon(svg`<circle cx="8" cy="8" r="6"></circle><path d="M8 4.8V8l2.2 1.4"></path>`);
export const checkIcon = icon(svg`<path d="M3.5 8.5l3 3 6-7"></path>`);
export const checksIcon = icon(svg`<path d="M1.5 8.5l3 3 6-7"></path><path d="M7.5 11l.8.6 6-7"></path>`);
export const warningIcon = icon(svg`<circle cx="8" cy="8" r="6"></circle><path d="M8 4.8v3.6M8 11v.1"></path>`);
export const replyIcon = icon(
  svg`<path d="M6.5 4L3 7.5 6.5 11"></path><path d="M3 7.5h6.5a3.5 3.5 0 013.5 3.5v1"></path>`,
);
export const editIcon = icon(svg`<path d="M3 13l.6-2.8L10.5 3.3l2.2 2.2-6.9 6.9z"></path>`);
export const recallIcon = icon(svg`<path d="M3.5 4.5h9M6.5 4.5V3h3v1.5M5 4.5l.6 8.5h4.8l.6-8.5"></path>`);
export const closeIcon = icon(svg`<path d="M4 4l8 8M12 4l-8 8"></path>`);
export const downIcon = icon(svg`<path d="M8 3.5v9M4.5 9L8 12.5 11.5 9"></path>`);
export const sendIcon = icon(svg`<path d="M3 8h9M8.5 4.5L12 8l-3.5 3.5"></path>`);
export const peopleIcon = icon(
  svg`<circle cx="6" cy="5.5" r="2.3"></circle><path d="M2 13c.3-2.4 1.9-3.6 4-3.6s3.7 1.2 4 3.6M10.3 3.6a2.2 2.2 0 010 4M11.7 9.7c1.3.5 2.1 1.6 2.3 3.3"></path>`,
);
export const backIcon = icon(svg`<path d="M9.5 3.5L5 8l4.5 4.5"></path>`);
export const fileIcon = icon(svg`<path d="M4 2.5h5l3 3v8H4z"></path><path d="M9 2.5v3h3"></path>`);
export const addIcon = icon(svg`<path d="M8 3.5v9M3.5 8h9"></path>`);
export const pauseIcon = icon(svg`<path d="M5.5 4v8M10.5 4v8"></path>`);
export const rejectIcon = icon(svg`<path d="M6 4L3 7l3 3"></path><path d="M3 7h6a3.5 3.5 0 010 7H7"></path>`);
export const flagIcon = icon(svg`<path d="M4 14V3h8l-2 2.8L12 8.5H4"></path>`);
export const phoneIcon = icon(
  svg`<path d="M3.2 3.4c-.5 4.9 4.5 9.9 9.4 9.4l.8-2.6-2.9-1.5-1.3 1.2c-1.3-.6-2.5-1.8-3.1-3.1l1.2-1.3-1.5-2.9z"></path>`,
);
