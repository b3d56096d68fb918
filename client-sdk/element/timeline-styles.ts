import { css } from 'lit';

export const timelineStyles = css`
  :host {
    position: relative;
    display: block;
    min-height: 0;
  }
  .scroller {
    height: 100%;
    overflow-y: auto;
    overscroll-behavior: contain;
    /* The element holds the reader's place itself, in every browser alike. */
    overflow-anchor: none;
    outline: 0;
  }
  .content {
    display: flex;
    flex-direction: column;
    justify-content: flex-end;
    min-height: 100%;
    padding-bottom: 12px;
  }
  .start {
    padding: 16px;
    text-align: center;
    font-size: 12px;
    color: var(--muted);
  }
  .day,
  .unread {
    display: flex;
    align-items: center;
    gap: 12px;
    padding: 14px 16px 8px;
    font-size: 12px;
    line-height: 16px;
    color: var(--muted);
  }
  .day::before,
  .day::after,
  .unread::before,
  .unread::after {
    content: '';
    flex: 1;
    height: 1px;
    background: var(--line);
  }
  .unread {
    color: var(--danger);
    font-weight: 600;
  }
  .unread::before,
  .unread::after {
    background: color-mix(in srgb, var(--danger) 40%, var(--surface));
  }
  .event {
    padding: 4px 48px;
    text-align: center;
    font-size: 12px;
    line-height: 16px;
    color: var(--muted);
  }
  .event time {
    opacity: 0.8;
  }
  .event .files {
    justify-content: center;
  }
  .event:is([data-event='node.rejected'], [data-event='node.timed_out'], [data-event='project.closed']) span {
    color: var(--danger);
  }
  .event:is([data-event='project.paused'], [data-event='node.due_soon'], [data-event='project.queued']) span {
    color: var(--warn);
  }
  .event[data-event='project.completed'] span {
    color: var(--good);
    font-weight: 600;
  }
  .event[data-event='provider.changed'] {
    margin: 8px 0;
    padding-block: 8px;
    border-block: 1px dashed var(--line);
  }
  @container (max-width: 519px) {
    .event {
      padding-inline: 24px;
    }
  }
  .to-end {
    position: absolute;
    right: 16px;
    bottom: 12px;
    display: flex;
    align-items: center;
    gap: 6px;
    padding: 6px 14px 6px 10px;
    border: 1px solid var(--line);
    border-radius: 18px;
    background: var(--surface);
    box-shadow: 0 2px 10px rgb(0 0 0 / 14%);
    font-size: 13px;
  }
`;
