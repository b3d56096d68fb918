import { at, Course } from './course.ts';
import { currentNode, type Flow, type FlowContext, isLate, settingsOf, type Stepped } from './flow.ts';

/**
 * Does what became due by now (domain.md, section 5): computes a provisional due instant anew, reminds, marks as overdue, and lets a confirmation
 * that says so advance by itself. One transition at most; what is not due stays as it is, so that a tick can come twice. A node that is
 * entered by a late tick is entered now, and has its whole time.
 */
export function tick(flow: Flow, context: FlowContext): Stepped {
  const course = new Course(flow, context);
  const entered = currentNode(flow);
  if (flow.status !== 'executing' || entered?.enteredAt === undefined || entered.dueAt === undefined)
    return course.done();

  if (entered.due?.provisional === true) {
    const clock = course.clockOf(entered, Date.parse(entered.enteredAt), entered.pauses);
    if (clock !== undefined && (clock.dueAt !== entered.dueAt || !clock.due.provisional))
      course.add({ event: 'node.due_changed', ...at(entered, entered.visit), clock });
  }
  const node = currentNode(course.flow);
  if (node === undefined) return course.done();

  if (isLate(node, context.now)) {
    if (!node.overdue) {
      course.add({ event: 'node.timed_out', ...at(node, node.visit) });
      course.notify(node.id, 'timed_out');
    }
    if (advancesByItself(course.flow, node.id)) {
      course.add({ event: 'node.done', ...at(node, node.visit), action: 'confirm', auto: true });
      course.enterAfter(node);
    }
  } else if (node.remindAt !== undefined && node.reminded === undefined && context.now >= Date.parse(node.remindAt)) {
    course.add({ event: 'node.due_soon', ...at(node, node.visit) });
    course.tell(node.id, node.side === 'buyer' ? 'buyer' : 'current_operator', 'due_soon', 'due_soon');
  }
  return course.done();
}

function advancesByItself(flow: Flow, nodeId: string): boolean {
  const step = settingsOf(flow, nodeId);
  return step?.autoAdvance === true && (step.type === 'confirm' || step.type === 'finish');
}
