import type { Template } from '../../shared/contract/templates.ts';
import type { Caller } from '../registry/call.ts';

/** The owner of what operators and a portal's backend write; a vendor's own are kept under its company. */
export const PLATFORM = 'platform';

export const vendorOwner = (org: string): string => `vendor:${org}`;

const isOfPlatform = ({ side }: Caller): boolean => side === 'operator' || side === 'service';

/** Whose templates a caller writes; undefined for somebody who writes none. */
export function authorFor(caller: Caller): string | undefined {
  if (isOfPlatform(caller)) return PLATFORM;
  return caller.side === 'vendor' && caller.roles.includes('vendor_admin') ? vendorOwner(caller.org ?? '') : undefined;
}

/** Whose templates a caller finds in their list, drafts too: what they write, and what a vendor's project manager delivers by. */
export function shelfOf(caller: Caller): string | undefined {
  const manages = caller.side === 'vendor' && caller.roles.includes('project_manager');
  return authorFor(caller) ?? (manages ? vendorOwner(caller.org ?? '') : undefined);
}

/**
 * Says whether a caller may know of a stored template. Everybody knows what the platform has published; a vendor's are its own affair, and a
 * project's people see the steps in the project.
 */
export function maySee(caller: Caller, { owner, status }: { owner: string; status: Template['status'] }): boolean {
  return isOfPlatform(caller) || (owner === PLATFORM && status === 'published') || owner === shelfOf(caller);
}
