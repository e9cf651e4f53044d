// SPDX-License-Identifier: MIT OR GPL-2.0-only
/* A kernel module that is no part of Lunatik: /dev/mydevice, whose reads a Lua script answers. */
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/uaccess.h>

#include <lunatik.h>

static lunatik_object_t *runtime;

static int l_read(lua_State *L, char __user *buffer, size_t size, loff_t *offset)
{
	const char *answer;
	size_t length;

	lua_getglobal(L, "myread");
	lua_pushinteger(L, size);
	lua_pushinteger(L, *offset);
	if (lua_pcall(L, 2, 2, 0) != LUA_OK) {
		pr_info("mydevice: %s\n", lua_tostring(L, -1));
		return -ECANCELED;
	}
	/* Raises when the script returned no string: lunatik_run() catches that. */
	answer = luaL_checklstring(L, -2, &length);
	length = min(size, length);
	if (copy_to_user(buffer, answer, length))
		return -EFAULT;
	*offset = (loff_t)luaL_optinteger(L, -1, *offset + length);
	return length;
}

static ssize_t mydevice_read(struct file *file, char __user *buffer, size_t size, loff_t *offset)
{
	ssize_t result;

	lunatik_run(runtime, l_read, result, buffer, size, offset);
	return result;
}

/* What a write says to do with the runtime: 's' stops it, 'g' takes and gives up a reference. */
static int l_check(lua_State *L)
{
	return lunatik_toruntime(L) == runtime ? 0 : -EINVAL;
}

static ssize_t mydevice_write(struct file *file, const char __user *buffer, size_t size, loff_t *offset)
{
	int error;
	char what;

	if (!size || get_user(what, buffer))
		return -EFAULT;
	switch (what) {
	case 's':
		lunatik_getobject(runtime);
		return lunatik_stop(runtime) ? -EBUSY : size;
	case 'g':
		lunatik_getobject(runtime);
		if (lunatik_putobject(runtime))
			return -EBUSY;
		lunatik_run(runtime, l_check, error);
		return error ? error : size;
	default:
		return -EINVAL;
	}
}

static const struct file_operations operations = {
	.owner = THIS_MODULE,
	.read = mydevice_read,
	.write = mydevice_write,
};

static struct miscdevice device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "mydevice",
	.fops = &operations,
};

static int __init mydevice_init(void)
{
	int error = lunatik_runtime(&runtime, "tests/scripts/mydevice", true);

	if (error)
		return error;
	error = misc_register(&device);
	if (error)
		lunatik_stop(runtime);
	return error;
}

static void __exit mydevice_exit(void)
{
	misc_deregister(&device);
	/* The reference is this module's own, whether or not a write stopped the runtime. */
	if (!lunatik_stop(runtime))
		pr_err("mydevice: the runtime was not released\n");
}

module_init(mydevice_init);
module_exit(mydevice_exit);
MODULE_LICENSE("Dual MIT/GPL");
MODULE_DESCRIPTION("Test of Lunatik's C API");
