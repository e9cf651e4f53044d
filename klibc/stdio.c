// SPDX-License-Identifier: MIT OR GPL-2.0-only
/*
 * stdio over the VFS, as much as Lua needs to load its files: a FILE is the whole file in memory,
 * read through kernel_read_file(), which security modules see. A script is code that the kernel runs,
 * so it is read as a module is.
 */
#include <linux/cred.h>
#include <linux/errno.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/fs_struct.h>
#include <linux/kernel_read_file.h>
#include <linux/path.h>
#include <linux/preempt.h>
#include <linux/printk.h>
#include <linux/random.h>
#include <linux/sched.h>
#include <linux/sched/task_stack.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

#include "stdio.h"
#include "klibc.h"

struct klibc_file {
	char *text;
	size_t size;
	size_t position;
	bool ended;
};

/*
 * Whose eyes see the files: those of who loaded the module. A callback runs in any task, whose root,
 * mounts and rights are not to decide what the kernel runs.
 */
static struct path root;
static const struct cred *loader;

void klibc_init(void)
{
	get_fs_root(current->fs, &root);
	loader = get_current_cred();
}

void klibc_exit(void)
{
	path_put(&root);
	put_cred(loader);
}

/* The script folder is the root: no link and no ".." leads out of it. */
static struct file *open_file(const char *path)
{
	struct file *folder = file_open_root(&root, KLIBC_ROOT, O_PATH | O_DIRECTORY, 0);
	struct file *file;

	if (IS_ERR(folder))
		return folder;
	file = file_open_root(&folder->f_path, path, O_RDONLY, 0);
	fput(folder);
	return file;
}

static ssize_t read_file(const char *path, void **text)
{
	const struct cred *before = override_creds(loader);
	struct file *file = open_file(path);
	ssize_t size;

	if (IS_ERR(file)) {
		size = PTR_ERR(file);
	} else {
		size = kernel_read_file(file, 0, text, KLIBC_FILE_MAX, NULL, READING_MODULE);
		fput(file);
	}
	revert_creds(before);
	return size;
}

/* What opening and reading a file may take of the stack, with a file system over another. */
#define STACK_FOR_READING	(6144 * (IS_ENABLED(CONFIG_KASAN) ? 2 : 1))

static int last_error;

int *klibc_errno(void)
{
	return &last_error;
}

/* A script's path is absolute, starts with the script folder and never climbs. */
static bool is_script_path(const char *path)
{
	const char *part;

	if (strncmp(path, KLIBC_ROOT, sizeof(KLIBC_ROOT) - 1))
		return false;
	for (part = path; part; part = strchr(part + 1, '/'))
		if (!strcmp(part, "/..") || !strncmp(part, "/../", 4))
			return false;
	return true;
}

FILE *fopen(const char *path, const char *mode)
{
	void *text = NULL;
	ssize_t size;
	FILE *f;

	last_error = ENOENT;
	if (!is_script_path(path))
		return NULL;
	last_error = EWOULDBLOCK;
	if (!preemptible())
		return NULL;
	last_error = ENOMEM;
	if (current_stack_pointer - (unsigned long)task_stack_page(current) < STACK_FOR_READING)
		return NULL;
	f = kzalloc(sizeof(*f), GFP_KERNEL);
	if (!f)
		return NULL;
	size = read_file(path + sizeof(KLIBC_ROOT) - 1, &text);
	if (size < 0 && size != -EINVAL) {	/* -EINVAL: the file is empty, or no regular file */
		last_error = -size;
		kfree(f);
		return NULL;
	}
	f->text = text;
	f->size = max_t(ssize_t, size, 0);
	return f;
}

FILE *freopen(const char *path, const char *mode, FILE *f)
{
	fclose(f);
	return fopen(path, mode);
}

int fclose(FILE *f)
{
	if (f) {
		vfree(f->text);
		kfree(f);
	}
	return 0;
}

int getc(FILE *f)
{
	if (f->position == f->size) {
		f->ended = true;
		return EOF;
	}
	return (unsigned char)f->text[f->position++];
}

size_t fread(void *buffer, size_t size, size_t count, FILE *f)
{
	size_t bytes = min(size * count, f->size - f->position);

	memcpy(buffer, f->text + f->position, bytes);
	f->position += bytes;
	f->ended = bytes < size * count;
	return bytes / size;
}

int feof(FILE *f)
{
	return f->ended;
}

int ferror(FILE *f)
{
	return 0;
}

unsigned int klibc_seed(void)
{
	return get_random_u32();
}

const char *strerror(int number)
{
	switch (number) {
	case ENOENT:		return "No such file or directory";
	case EACCES:		return "Permission denied";
	case EPERM:		return "Operation not permitted";
	case EISDIR:		return "Is a directory";
	case EFBIG:		return "File too large";
	case ENOMEM:		return "Cannot allocate memory";
	case EWOULDBLOCK:	return "Cannot read files in this context";
	case ELOOP:		return "Too many levels of symbolic links";
	case ENAMETOOLONG:	return "File name too long";
	default:		return "Input/output error";
	}
}
