// SPDX-License-Identifier: MIT OR GPL-2.0-only
// Completion for bash, made from the table of verbs.
#include "completion.hpp"
#include "attachment.hpp"
#include "context.hpp"
#include "verbs.hpp"

#include <cstdio>

/* The shell command that prints what may stand there. */
static const char *candidates(Operand operand)
{
	return operand == Operand::Script ? "find /lib/modules/lua -name '*.lua' -printf '%P\\n' 2>/dev/null | sed 's/\\.lua$//'"
					  : "lunatik list 2>/dev/null | awk 'NR > 1 { print $1 }'";
}

void print_completion()
{
	std::string names, contexts, modes, cases;

	for (std::string_view word : context_words())
		contexts += " " + std::string(word);
	for (std::string_view word : mode_words())
		modes += " " + std::string(word);
	for (const Verb &verb : verbs()) {
		std::string name = verb.name;

		if (verb.hidden)
			continue;
		names += " " + name;
		if (verb.operand != Operand::None)
			cases += "\t" + name + ":2) words=$(" + candidates(verb.operand) + ") ;;\n";
		if (verb.interface)
			cases += "\t" + name + (verb.operand != Operand::None ? ":3" : ":2") + ") words=$(ls /sys/class/net) ;;\n";
		if (verb.mode)
			cases += "\t" + name + ":4) words=--mode ;;\n\t" + name + ":5) words='" + modes.substr(1) + "' ;;\n";
		if (verb.limits && !verb.context)
			cases += "\t" + name + ":*) words='--budget --memory' ;;\n";
		if (verb.context)
			cases += "\t" + name + ":*) words='" + contexts.substr(1) + " --budget --memory' ;;\n";
		if (verb.json)
			cases += "\t" + name + ":2) words=--json ;;\n";
	}
	printf("_lunatik() {\n"
	       "\tlocal words=\n"
	       "\tcase ${COMP_WORDS[1]}:$COMP_CWORD in\n"
	       "\t*:1) words='%s --help --version' ;;\n"
	       "%s"
	       "\tesac\n"
	       "\tmapfile -t COMPREPLY < <(compgen -W '$words' -- \"${COMP_WORDS[COMP_CWORD]}\")\n"
	       "}\n"
	       "complete -F _lunatik lunatik\n",
	       names.substr(1).c_str(), cases.c_str());
}
